import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Caller } from '../../http/access/caller.js';
import type { Scope } from '../../../config/scopes.js';
import type { Page, PageQuery } from '../../http/pages/page.js';
import { invalid, Problem } from '../../http/problems/problem.js';
import { Transactions } from '../../platform/database/transactions.js';
import { notFound } from '../../platform/database/resource-table.js';
import type { Precondition } from '../../http/responses/precondition.js';
import { EventLog } from '../../platform/events/event-log.js';
import { formatKey, hashSecret, newSecret } from './api-key-text.js';
import type { CreateApiKeyDto } from './api-key.dto.js';
import { ApiKey } from './api-key.entity.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import type { ListedApiKey } from './api-keys.repository.js';
import { VerifiedKeysService } from './verified-keys.service.js';

/** How many keys a user may have that are not revoked, expired ones included. */
const MAX_KEYS = 100;

/** The keys of the users: each sees and changes only their own. */
@Injectable()
export class ApiKeysService {
  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly verified: VerifiedKeysService,
    private readonly events: EventLog,
    private readonly transactions: Transactions,
  ) {}

  listKeys(userId: string, query: PageQuery): Promise<Page<ListedApiKey>> {
    return this.keys.page(userId, query);
  }

  async getKey(userId: string, id: string): Promise<ListedApiKey> {
    return (await this.keys.findOwned(userId, id)) ?? notFound();
  }

  /**
   * With the key itself, which nobody can read again.
   * @throws Problem `validation_failed` for more than the caller may pass on, `conflict` for one key too many
   */
  createKey(caller: Caller, dto: CreateApiKeyDto): Promise<ListedApiKey & { key: string }> {
    assertHeld(dto.scopes, caller.scopes);
    const secret = newSecret();
    const key = newKey(caller, dto, secret);
    return this.transactions.run(async (tx) => {
      await this.assertMayAdd(tx, caller, key);
      await this.keys.insert(tx, key);
      const { id, name, scopes } = key;
      await this.events.append(tx, { type: 'api_key.created', resourceId: id, details: { name, scopes } });
      return { ...key, key: formatKey({ id, secret }) };
    });
  }

  /** The key, and those that were made with it, are refused from now on. @throws Problem `not_found`, `precondition_failed` */
  async revokeKey(userId: string, id: string, versions: Precondition): Promise<void> {
    const revoked = await this.transactions.run(async (tx) => {
      const keys = await this.keys.revoke(tx, { userId, id, versions }, new Date());
      if (keys.length === 0) return this.explainUnchanged(tx, userId, id);
      for (const { id: resourceId, name, scopes } of keys)
        await this.events.append(tx, { type: 'api_key.revoked', resourceId, details: { name, scopes } });
      return keys;
    });
    for (const key of revoked) this.verified.forget(key.id);
  }

  /** What the caller was when the request came in may be over; from here on it lasts until the transaction ends. */
  private async assertMayAdd(tx: EntityManager, { userId, apiKeyId }: Caller, key: ApiKey): Promise<void> {
    if (!(await this.keys.lockOwner(tx, userId))) throw new Problem('unauthenticated');
    if (apiKeyId !== null) {
      const parent = await this.keys.lock(tx, apiKeyId);
      if (!parent) throw new Problem('unauthenticated');
      assertNoLonger(key.expiresAt, parent.expiresAt);
    }
    if ((await this.keys.count(tx, userId)) >= MAX_KEYS) {
      throw new Problem('conflict', `You have ${MAX_KEYS} API keys, which is the limit. Revoke one first.`);
    }
  }

  /** Nothing was revoked: there is no such key, or not in a version that the caller accepts. */
  private async explainUnchanged(tx: EntityManager, userId: string, id: string): Promise<never> {
    if (!(await this.keys.findOwned(userId, id, tx))) notFound();
    throw new Problem('precondition_failed');
  }
}

function newKey({ userId, apiKeyId }: Caller, dto: CreateApiKeyDto, secret: string): ApiKey {
  const now = new Date();
  return Object.assign(new ApiKey(), {
    id: uuidv7({ msecs: now.getTime() }),
    userId,
    name: dto.name,
    scopes: dto.scopes,
    secretHash: hashSecret(secret),
    madeWith: apiKeyId,
    expiresAt: typeof dto.expires_at === 'string' ? new Date(dto.expires_at) : null,
    lastUsedAt: null,
    createdAt: now,
    revokedAt: null,
  });
}

function assertHeld(asked: readonly Scope[], held: ReadonlySet<Scope>): void {
  const errors = asked.flatMap((scope, index) =>
    held.has(scope)
      ? []
      : [
          {
            pointer: `/scopes/${index}`,
            code: 'scope_not_held',
            message: `you do not have ${scope} yourself`,
          },
        ],
  );
  if (errors.length > 0) throw invalid(errors);
}

/** Whoever got hold of a key for a while must not make it one for ever. */
function assertNoLonger(expiresAt: Date | null, limit: Date | null): void {
  if (!limit || (expiresAt && expiresAt <= limit)) return;
  const message = `expires_at must not be later than that of the key that asks, ${limit.toISOString()}`;
  throw invalid([{ pointer: '/expires_at', code: 'outlives_key', message }]);
}
