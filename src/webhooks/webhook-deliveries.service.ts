import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import type { Page } from '../http/pages/page.js';
import { notFound } from '../platform/database/resource-table.js';
import { Problem } from '../http/problems/problem.js';
import { Transactions } from '../platform/database/transactions.js';
import { DeliveryEngine } from './delivery-engine.service.js';
import { PING, pingPayload } from './payload.js';
import { WebhookDeliveriesRepository } from './webhook-deliveries.repository.js';
import type { ListWebhookDeliveriesQuery, ShownDelivery } from './webhook-delivery.dto.js';
import { WebhookEndpointsService } from './webhook-endpoints.service.js';
import type { JobContext } from '../platform/jobs/job-registry.js';
import { OnSchedule } from '../platform/jobs/job.decorators.js';

const KEPT_MS = 30 * 24 * 60 * 60 * 1000;
const BATCH = 1000;

/** What was sent to endpoints, and what came of it. */
@Injectable()
export class WebhookDeliveriesService {
  constructor(
    private readonly deliveries: WebhookDeliveriesRepository,
    private readonly endpoints: WebhookEndpointsService,
    private readonly engine: DeliveryEngine,
    private readonly transactions: Transactions,
  ) {}

  async listDeliveries(endpointId: string, query: ListWebhookDeliveriesQuery): Promise<Page<ShownDelivery>> {
    await this.endpoints.getEndpoint(endpointId);
    return this.deliveries.page(endpointId, query);
  }

  async getDelivery(id: string): Promise<ShownDelivery> {
    return (await this.deliveries.findById(id)) ?? notFound();
  }

  /** Tries it now and, if need be, again for three days, whatever became of it before. @throws Problem `conflict` */
  async retry(id: string): Promise<ShownDelivery> {
    const { endpointId } = await this.getDelivery(id);
    await this.assertActive(endpointId);
    return this.transactions.run(async (tx) => {
      const delivery = (await this.deliveries.retry(tx, id)) ?? notFound();
      this.transactions.afterCommit(tx, () => this.engine.wake());
      return delivery;
    });
  }

  /** @throws Problem `conflict` */
  async sendTest(endpointId: string): Promise<ShownDelivery> {
    await this.assertActive(endpointId);
    const payload = pingPayload(endpointId, new Date());
    return this.transactions.run(async (tx) => {
      const test = { id: uuidv7(), endpointId, eventType: PING, payload };
      const delivery = await this.deliveries.insertTest(tx, test);
      this.transactions.afterCommit(tx, () => this.engine.wake());
      return delivery;
    });
  }

  /** Deliveries are kept for 30 days, also those that never arrived. */
  @OnSchedule('webhooks.remove_expired', '37 * * * *')
  async removeExpired({ signal }: JobContext): Promise<void> {
    const oldest = uuidv7({ msecs: Date.now() - KEPT_MS, seq: 0, random: new Uint8Array(16) });
    while ((await this.deliveries.deleteBefore(oldest, BATCH)) === BATCH) signal.throwIfAborted();
  }

  private async assertActive(endpointId: string): Promise<void> {
    const { isActive } = await this.endpoints.getEndpoint(endpointId);
    if (!isActive) throw new Problem('conflict', 'The endpoint is not active. Set is_active to true first.');
  }
}
