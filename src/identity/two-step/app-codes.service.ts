import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../../../config/index.js';
import { Problem } from '../../http/problems/problem.js';
import { newTotpSecret, stepOf } from './totp.js';
import type { FittingCode, ReadSecret } from './two-step.repository.js';

/** Codes of the authenticator app, and the secrets that they are made of, which only this class sees unsealed. */
@Injectable()
export class AppCodesService {
  private readonly logger = new Logger(AppCodesService.name);

  constructor(private readonly config: Config) {}

  /** A new secret: for the app, and as it is stored. */
  create(userId: string): { secret: string; sealedSecret: string } {
    const secret = newTotpSecret();
    return { secret, sealedSecret: this.config.sealer.seal(secret, contextOf(userId)) };
  }

  /** Null for a code that does not fit, or not now. @throws Problem `unavailable` where the secret cannot be read */
  check({ userId, sealedSecret }: ReadSecret, code: string): FittingCode | null {
    const { sealer } = this.config;
    const secret = sealer.open(sealedSecret, contextOf(userId)) ?? this.refuse(userId);
    const step = stepOf(secret, code, Date.now());
    if (step === null) return null;
    const isCurrent = sealer.isCurrent(sealedSecret);
    return { step, sealedSecret: isCurrent ? sealedSecret : sealer.seal(secret, contextOf(userId)) };
  }

  /** Not "wrong code": the user can do nothing about it, and an instance that has the key may answer the next request. */
  private refuse(userId: string): never {
    this.logger.error(
      `The two-step secret of user ${userId} cannot be opened: the key that sealed it is not in the key file any more`,
    );
    throw new Problem('unavailable', 'App codes cannot be checked right now. A recovery code still works.');
  }
}

function contextOf(userId: string): string {
  return `totp:${userId}`;
}
