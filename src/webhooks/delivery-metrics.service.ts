import { Injectable } from '@nestjs/common';
import { Metrics } from '../platform/telemetry/metrics.js';
import { DeliveryQueueRepository } from './delivery-queue.repository.js';
import type { DeliveryStatus } from './delivery-status.js';

const OUTCOMES = { succeeded: 'succeeded', pending: 'retried', failed: 'failed' } as const;

/** What operators see of the deliveries. */
@Injectable()
export class DeliveryMetrics {
  private readonly outcomes;

  constructor(metrics: Metrics, queue: DeliveryQueueRepository) {
    this.outcomes = metrics.counter('stockroom_webhook_deliveries_total', 'Attempts to deliver, by outcome', [
      'outcome',
    ]);
    metrics.gauges(
      {
        stockroom_webhook_deliveries_pending: 'Deliveries that are still to be made',
        stockroom_webhook_oldest_due_seconds: 'How long the oldest due delivery waits',
      },
      async () => {
        const { pending, oldestSeconds } = await queue.backlog();
        return {
          stockroom_webhook_deliveries_pending: pending,
          stockroom_webhook_oldest_due_seconds: oldestSeconds,
        };
      },
    );
  }

  /** By what the delivery is after the attempt. */
  count(status: DeliveryStatus): void {
    this.outcomes.inc({ outcome: OUTCOMES[status] });
  }
}
