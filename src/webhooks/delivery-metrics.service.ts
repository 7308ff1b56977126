import { Injectable } from '@nestjs/common';
import { Metrics } from '../telemetry/metrics.js';
import { DeliveryQueueRepository } from './delivery-queue.repository.js';
import type { Backlog } from './delivery-queue.repository.js';
import type { DeliveryStatus } from './delivery-status.js';

/** However often somebody asks for the metrics, the database is asked so often. */
const MEASURE_EVERY_MS = 5000;

const OUTCOMES = { succeeded: 'succeeded', pending: 'retried', failed: 'failed' } as const;

/** What operators see of the deliveries. */
@Injectable()
export class DeliveryMetrics {
  private readonly outcomes;
  private measured: { at: number; backlog: Promise<Backlog | undefined> } | undefined;

  constructor(
    metrics: Metrics,
    private readonly queue: DeliveryQueueRepository,
  ) {
    this.outcomes = metrics.counter('stockroom_webhook_deliveries_total', 'Attempts to deliver, by outcome', [
      'outcome',
    ]);
    metrics.gauge(
      'stockroom_webhook_deliveries_pending',
      'Deliveries that are still to be made',
      async () => (await this.backlog())?.pending,
    );
    metrics.gauge(
      'stockroom_webhook_oldest_due_seconds',
      'How long the oldest due delivery waits',
      async () => (await this.backlog())?.oldestSeconds,
    );
  }

  /** By what the delivery is after the attempt. */
  count(status: DeliveryStatus): void {
    this.outcomes.inc({ outcome: OUTCOMES[status] });
  }

  private backlog(): Promise<Backlog | undefined> {
    const now = performance.now();
    if (!this.measured || now - this.measured.at > MEASURE_EVERY_MS)
      this.measured = { at: now, backlog: this.queue.backlog().catch(() => undefined) };
    return this.measured.backlog;
  }
}
