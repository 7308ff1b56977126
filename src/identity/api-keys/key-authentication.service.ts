import { Injectable } from '@nestjs/common';
import type { Caller } from '../../http/access/caller.js';
import { scopesOf } from '../../../config/scopes.js';
import type { ApiKeyAuthenticator } from '../../http/access/authentication.guard.js';
import { Problem } from '../../http/problems/problem.js';
import { isSecretOf, parseKey } from './api-key-text.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import type { UsableApiKey } from './api-keys.repository.js';
import { KeyUsageService } from './key-usage.service.js';
import { VerifiedKeysService } from './verified-keys.service.js';
import type { VerifiedKey } from './verified-keys.service.js';

/** Checks the keys that come with requests. Only who has the secret is told more than that a key is not valid. */
@Injectable()
export class KeyAuthenticationService implements ApiKeyAuthenticator {
  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly verified: VerifiedKeysService,
    private readonly usage: KeyUsageService,
  ) {}

  async authenticate(text: string): Promise<Caller> {
    const { id, secret } = parseKey(text) ?? refuse();
    const key = this.verified.find(id);
    if (key) assertGood(key, secret);
    const { caller } = key ?? (await this.read(id, secret));
    this.usage.note(id);
    return caller;
  }

  private async read(id: string, secret: string): Promise<VerifiedKey> {
    const reading = this.verified.beginReading();
    const row = (await this.keys.findUsable(id)) ?? refuse();
    const key = { id, secretHash: row.secretHash, expiresAt: row.expiresAt, caller: callerOf(row) };
    assertGood(key, secret);
    this.verified.remember(key, reading);
    return key;
  }
}

/** A key may do of its scopes what its owner's role still allows. */
function callerOf({ id, userId, role, scopes, emailVerified }: UsableApiKey): Caller {
  const held = scopesOf(role);
  return {
    userId,
    role,
    scopes: new Set(scopes.filter((scope) => held.has(scope))),
    sessionId: null,
    apiKeyId: id,
    emailVerified,
    lacksSecondFactor: false,
  };
}

function assertGood({ secretHash, expiresAt }: VerifiedKey, secret: string): void {
  if (!isSecretOf(secretHash, secret)) refuse();
  if (expiresAt && expiresAt.getTime() <= Date.now())
    throw new Problem('unauthenticated', 'The API key has expired.');
}

function refuse(): never {
  throw new Problem('unauthenticated', 'The API key is not valid.');
}
