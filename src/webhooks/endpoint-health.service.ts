import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Config } from '../../config/index.js';
import { EventLog } from '../platform/events/event-log.js';
import { JobQueue } from '../platform/jobs/job-queue.js';
import { Mailer } from '../platform/mail/mailer.js';
import { UsersService } from '../identity/users/users.service.js';
import { disabledMail } from './disabled-mail.js';
import { EndpointHealthRepository } from './endpoint-health.repository.js';
import type { DisabledEndpoint } from './endpoint-health.repository.js';
import { WebhookEndpointsRepository } from './webhook-endpoints.repository.js';
import type { JobContext } from '../platform/jobs/job-registry.js';
import { OnJob } from '../platform/jobs/job.decorators.js';

const MAIL_JOB = 'webhooks.mail_disabled';
const GONE = 410;

/** How an attempt ended. */
export interface DeliveryOutcome {
  readonly endpointId: string;
  readonly url: string;
  readonly succeeded: boolean;
  readonly statusCode: number | null;
}

/** Gives up endpoints that are gone, or that have failed for days, and tells their owners. */
@Injectable()
export class EndpointHealthService {
  private readonly logger = new Logger(EndpointHealthService.name);

  constructor(
    private readonly health: EndpointHealthRepository,
    private readonly endpoints: WebhookEndpointsRepository,
    private readonly events: EventLog,
    private readonly queue: JobQueue,
    private readonly users: UsersService,
    private readonly mailer: Mailer,
    private readonly config: Config,
  ) {}

  /** In the transaction that writes the outcomes down. */
  async note(tx: EntityManager, outcomes: readonly DeliveryOutcome[]): Promise<void> {
    const succeeded = new Set(outcomes.filter((o) => o.succeeded).map((o) => o.endpointId));
    const failed = outcomes.filter(({ endpointId }) => !succeeded.has(endpointId));
    const failedIds = [...new Set(failed.map(({ endpointId }) => endpointId))];
    await this.health.note(tx, [...succeeded], failedIds);
    if (failed.length === 0) return;
    for (const { endpointId, url } of outcomes.filter(({ statusCode }) => statusCode === GONE))
      await this.disable(tx, { id: endpointId, reason: 'gone' }, url);
    for (const id of await this.health.findGivenUp(tx, failedIds))
      await this.disable(tx, { id, reason: 'failing' });
  }

  private async disable(tx: EntityManager, endpoint: DisabledEndpoint, url?: string): Promise<void> {
    const { id, reason } = endpoint;
    if (!(await this.health.disable(tx, endpoint, url))) return;
    await this.events.append(tx, {
      type: 'webhook_endpoint.disabled',
      resourceId: id,
      changes: { is_active: [true, false], disabled_reason: [null, reason] },
    });
    await this.queue.add(tx, MAIL_JOB, endpoint);
  }

  @OnJob(MAIL_JOB)
  async tellOwner({ id, reason }: DisabledEndpoint, { signal }: JobContext): Promise<void> {
    const endpoint = await this.endpoints.table.find(id);
    // It may be deleted, or back, before the mail is due.
    if (endpoint?.disabledReason !== reason) return;
    const owner = await this.users.findById(endpoint.createdBy);
    if (!owner?.isActive) {
      this.logger.warn(`The webhook endpoint ${id} is disabled, and its owner is not there to be told`);
      return;
    }
    const mail = disabledMail(endpoint, reason, this.config.http.publicUrl);
    await this.mailer.send({ to: owner.email, ...mail }, signal);
  }
}
