import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { AttemptLimiter } from '../auth/attempt-limiter.service.js';
import { invalid, Problem } from '../../http/problems/problem.js';
import { Transactions } from '../../platform/database/transactions.js';
import { EventLog } from '../../platform/events/event-log.js';
import { JobQueue } from '../../platform/jobs/job-queue.js';
import { OneTimeTokensService } from '../one-time-tokens/one-time-tokens.service.js';
import type { Device } from '../sessions/device.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { PasswordsService } from '../users/passwords.service.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import type { ConfirmPasswordResetDto } from './password-reset.dto.js';
import { ResetMailsService } from './reset-mails.service.js';
import { OnJob } from '../../platform/jobs/job.decorators.js';

const REQUEST = 'password_resets.request';
/** How often one token may be presented; all but the last time in vain, such as while the database is too busy. */
const TRIES = 20;

interface RequestPayload {
  readonly email: string;
}

/** A new password for whoever reads the mails of an account. */
@Injectable()
export class PasswordResetsService {
  constructor(
    private readonly users: UsersService,
    private readonly passwords: PasswordsService,
    private readonly sessions: SessionsService,
    private readonly limiter: AttemptLimiter,
    private readonly tokens: OneTimeTokensService,
    private readonly mails: ResetMailsService,
    private readonly events: EventLog,
    private readonly queue: JobQueue,
    private readonly transactions: Transactions,
    private readonly dataSource: DataSource,
  ) {}

  /** The same work for every address: whether it has an account, only the job finds out. */
  async request(email: string): Promise<void> {
    await this.queue.add(this.dataSource.manager, REQUEST, { email } satisfies RequestPayload);
  }

  /** @throws Problem `validation_failed`; a password that is refused does not use up the token */
  async confirm({ token, password }: ConfirmPasswordResetDto, { ip }: Device): Promise<void> {
    this.passwords.assertUncommon(password);
    const bearer = (await this.tokens.tryOut('password_reset', token, TRIES)) ?? refuse();
    const passwordHash = await this.passwords.hash(password);
    const user = await this.transactions.run(async (tx) => {
      // The account is locked before the token: two tokens of one account cannot wait for each other.
      const owner = await this.users.lockUser(tx, bearer.userId);
      if (!owner?.isActive || owner.email.toLowerCase() !== bearer.email?.toLowerCase()) return refuse();
      if (!(await this.tokens.take(tx, 'password_reset', token))) return refuse();
      await this.replace(tx, owner, passwordHash);
      return owner;
    });
    await this.sessions.refuseEnded();
    // Strangers who hammer the account shall not keep out who has just proven to own it.
    await this.limiter.remember(user.email, ip);
  }

  /** Withdraws the password, signs the user out and sends a link to a new one. @throws Problem `not_found` */
  async force(userId: string): Promise<void> {
    await this.transactions.run(async (tx) => {
      const user = await this.users.lockUser(tx, userId);
      if (!user) throw new Problem('not_found');
      await this.users.resetPassword(tx, user.id, null);
      await this.endAccess(tx, user.id);
      await this.mails.add(tx, 'forced', user);
      await this.events.append(tx, { type: 'user.password_reset_requested', resourceId: user.id });
    });
    await this.sessions.refuseEnded();
  }

  @OnJob(REQUEST)
  async prepare({ email }: RequestPayload): Promise<void> {
    const account = await this.users.findByEmail(email);
    if (!account) return;
    await this.transactions.run(async (tx) => {
      // Of simultaneous requests, the second one finds the token of the first.
      const user = await this.users.lockUser(tx, account.id);
      if (!user?.isActive) return;
      if (!(await this.mails.add(tx, 'requested', user))) return;
      await this.events.append(tx, {
        type: 'user.password_reset_requested',
        resourceId: user.id,
        actor: { type: 'user', id: null },
      });
    });
  }

  private async replace(tx: EntityManager, { id, email }: User, passwordHash: string): Promise<void> {
    await this.users.resetPassword(tx, id, passwordHash);
    await this.endAccess(tx, id);
    // Who has the token has read the mail.
    await this.users.verifyEmail(tx, id, email);
    await this.events.append(tx, {
      type: 'user.password_reset',
      resourceId: id,
      actor: { type: 'user', id },
    });
  }

  /** Ends all sessions, and whatever could still become one without the new password. */
  private async endAccess(tx: EntityManager, userId: string): Promise<void> {
    await this.sessions.endOthers(tx, userId, null);
    for (const purpose of ['password_reset', 'two_step_sign_in', 'oidc_sign_in'] as const)
      await this.tokens.revoke(tx, userId, purpose);
  }
}

/** The same for whatever is wrong with it: nothing is told about accounts. */
function refuse(): never {
  throw invalid([{ pointer: '/token', code: 'invalid_token', message: 'token is invalid or expired' }]);
}
