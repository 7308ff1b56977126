import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Config } from '../../../config/index.js';
import { JobQueue } from '../../platform/jobs/job-queue.js';
import { Mailer } from '../../platform/mail/mailer.js';
import { OneTimeTokensService } from '../one-time-tokens/one-time-tokens.service.js';
import type { User } from '../users/user.entity.js';
import { resetMail } from './reset-mail.js';
import type { ResetReason } from './reset-mail.js';
import type { JobContext } from '../../platform/jobs/job-registry.js';
import { OnJob } from '../../platform/jobs/job.decorators.js';

const HOUR_SECONDS = 60 * 60;

const KINDS = {
  requested: { job: 'password_resets.send', lifeSeconds: HOUR_SECONDS },
  forced: { job: 'password_resets.send_forced', lifeSeconds: 24 * HOUR_SECONDS },
} as const satisfies Record<ResetReason, object>;

interface SendPayload {
  readonly token_id: string;
}

/** The mails that lead to a new password. */
@Injectable()
export class ResetMailsService {
  constructor(
    private readonly tokens: OneTimeTokensService,
    private readonly queue: JobQueue,
    private readonly mailer: Mailer,
    private readonly config: Config,
  ) {}

  /**
   * Makes a token and the mail that holds it, in the caller's transaction.
   * @returns false if the user has got enough of these mails just before
   */
  async add(tx: EntityManager, reason: ResetReason, user: Pick<User, 'id' | 'email'>): Promise<boolean> {
    const purpose = 'password_reset';
    const id = await this.tokens.createForMail(tx, { purpose, userId: user.id, email: user.email });
    if (id !== null) await this.queue.add(tx, KINDS[reason].job, { token_id: id } satisfies SendPayload);
    return id !== null;
  }

  @OnJob(KINDS.requested.job)
  sendRequested({ token_id }: SendPayload, { signal }: JobContext): Promise<void> {
    return this.send('requested', token_id, signal);
  }

  @OnJob(KINDS.forced.job)
  sendForced({ token_id }: SendPayload, { signal }: JobContext): Promise<void> {
    return this.send('forced', token_id, signal);
  }

  private async send(reason: ResetReason, tokenId: string, signal: AbortSignal): Promise<void> {
    const found = await this.tokens.mailOut(tokenId, KINDS[reason].lifeSeconds);
    if (!found) return;
    const mail = resetMail(reason, this.config.http.publicUrl, found.token);
    await this.mailer.send({ to: found.email, ...mail }, signal);
  }
}
