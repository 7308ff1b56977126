import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Config } from '../../../config/index.js';
import { invalid, Problem } from '../../http/problems/problem.js';
import { Transactions } from '../../platform/database/transactions.js';
import { JobQueue } from '../../platform/jobs/job-queue.js';
import { Mailer } from '../../platform/mail/mailer.js';
import { OneTimeTokensService } from '../one-time-tokens/one-time-tokens.service.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import { verificationMail } from './verification-mail.js';
import type { JobContext } from '../../platform/jobs/job-registry.js';
import { OnJob } from '../../platform/jobs/job.decorators.js';

const SEND = 'email_verifications.send';
const LIFE_SECONDS = 24 * 60 * 60;

interface SendPayload {
  readonly token_id: string;
}

/** Proving by a link in a mail that an address belongs to whoever gave it. */
@Injectable()
export class EmailVerificationsService {
  constructor(
    private readonly users: UsersService,
    private readonly tokens: OneTimeTokensService,
    private readonly queue: JobQueue,
    private readonly mailer: Mailer,
    private readonly config: Config,
    private readonly transactions: Transactions,
  ) {}

  /** Makes a token and the mail that holds it, in the caller's transaction, unless there was one just before. */
  async request(tx: EntityManager, user: Pick<User, 'id' | 'email'>): Promise<void> {
    const purpose = 'email_verification';
    const id = await this.tokens.createForMail(tx, { purpose, userId: user.id, email: user.email });
    if (id !== null) await this.queue.add(tx, SEND, { token_id: id } satisfies SendPayload);
  }

  /** Sends another mail, unless that is needless. @throws Problem `not_found` */
  async resend(userId: string): Promise<void> {
    await this.transactions.run(async (tx) => {
      const user = await this.users.lockUser(tx, userId);
      if (!user) throw new Problem('not_found');
      if (user.emailVerified) return;
      await this.request(tx, user);
    });
  }

  /** @throws Problem `validation_failed` for a token that proves nothing (any more) */
  async confirm(token: string): Promise<void> {
    const isVerified = await this.transactions.run(async (tx) => {
      const bearer = await this.tokens.take(tx, 'email_verification', token);
      if (!bearer?.email) return false;
      return this.users.verifyEmail(tx, bearer.userId, bearer.email);
    });
    if (isVerified) return;
    throw invalid([{ pointer: '/token', code: 'invalid_token', message: 'token is invalid or expired' }]);
  }

  @OnJob(SEND)
  async send({ token_id: tokenId }: SendPayload, { signal }: JobContext): Promise<void> {
    const found = await this.tokens.mailOut(tokenId, LIFE_SECONDS);
    if (!found) return;
    const mail = verificationMail(this.config.http.publicUrl, found.token);
    await this.mailer.send({ to: found.email, ...mail }, signal);
  }
}
