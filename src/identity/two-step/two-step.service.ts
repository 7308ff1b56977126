import { Injectable } from '@nestjs/common';
import { Problem } from '../../http/problems/problem.js';
import { Transactions } from '../../platform/database/transactions.js';
import { EventLog } from '../../platform/events/event-log.js';
import { AppCodesService } from './app-codes.service.js';
import { hashRecoveryCode } from './recovery-codes.js';
import { isAppCode } from './totp.js';
import { TwoStepRepository } from './two-step.repository.js';

/** The second step of a sign-in: whether there is one, and whether a code passes it. */
@Injectable()
export class TwoStepService {
  constructor(
    private readonly secrets: TwoStepRepository,
    private readonly appCodes: AppCodesService,
    private readonly events: EventLog,
    private readonly transactions: Transactions,
  ) {}

  /** Whether the user's sign-in takes a second step. */
  isEnabled(userId: string): Promise<boolean> {
    return this.secrets.isConfirmed(userId);
  }

  /**
   * Whether the code (of the app, or a recovery code) is right; it is used up then.
   * @throws Problem `rate_limited` after many wrong codes of the app; recovery codes, which nobody guesses, go on working
   */
  verify(userId: string, code: string): Promise<boolean> {
    return isAppCode(code) ? this.useAppCode(userId, code) : this.useRecoveryCode(userId, code);
  }

  /**
   * Six digits can be guessed by who knows the password and has a few days, however often the limits of the login let
   * them in. So tries are counted for each account until a right one, whoever makes them, and soon are rare.
   */
  private async useAppCode(userId: string, code: string): Promise<boolean> {
    const secret = await this.secrets.takeTry(userId);
    if (!secret) return this.refuseTry(userId);
    const fitting = this.appCodes.check(secret, code);
    return fitting !== null && this.secrets.useStep(secret, fitting);
  }

  private async refuseTry(userId: string): Promise<false> {
    const seconds = await this.secrets.secondsToWait(userId);
    if (seconds === null) return false;
    const detail = `Too many wrong codes. Try again in ${seconds} s, or use a recovery code.`;
    throw new Problem('rate_limited', detail, { headers: { 'Retry-After': String(seconds) } });
  }

  private useRecoveryCode(userId: string, code: string): Promise<boolean> {
    return this.transactions.run(async (tx) => {
      const used = await this.secrets.takeRecoveryCode(tx, userId, hashRecoveryCode(userId, code));
      if (used) {
        const actor = { type: 'user', id: userId } as const;
        await this.events.append(tx, { type: 'user.recovery_code_used', resourceId: userId, actor });
      }
      return used;
    });
  }
}
