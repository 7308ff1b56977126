import { Injectable } from '@nestjs/common';
import { Transactions } from '../platform/database/transactions.js';
import { JobQueue } from '../platform/jobs/job-queue.js';
import type { JobContext } from '../platform/jobs/job-registry.js';
import { OrderTransitions } from './order-transitions.service.js';
import { OrdersRepository } from './orders.repository.js';
import { EXPIRY } from './order-status.js';
import { OnSchedule } from '../platform/jobs/job.decorators.js';

const JOB = 'orders.expire';
const BATCH = 100;

/** The job looks again when the next order is due, but neither sooner nor later than this. */
const SOONEST_MS = 1000;
const LATEST_MS = 60_000;

/**
 * Lets orders expire that nobody paid in time. The job asks the database what is due, so nothing is forgotten while the
 * service is down, and then puts itself back into the queue; the schedule begins that, and again if it ever broke off.
 */
@Injectable()
export class OrderExpiryService {
  constructor(
    private readonly orders: OrdersRepository,
    private readonly effects: OrderTransitions,
    private readonly queue: JobQueue,
    private readonly transactions: Transactions,
  ) {}

  @OnSchedule(JOB, '* * * * *')
  async expireDue({ signal }: JobContext): Promise<void> {
    while ((await this.expireSome()) === BATCH) signal.throwIfAborted();
    await this.transactions.run(async (tx) => {
      const next = (await this.orders.findNextExpiry(tx))?.getTime() ?? Infinity;
      const now = Date.now();
      const runAt = new Date(Math.min(Math.max(next, now + SOONEST_MS), now + LATEST_MS));
      await this.queue.add(tx, JOB, {}, { key: JOB, runAt });
    });
  }

  /** Returns how many. */
  private expireSome(): Promise<number> {
    return this.transactions.run(async (tx) => {
      const expired = await this.orders.expire(tx, BATCH);
      if (expired.length > 0) await this.effects.applyEffects(tx, expired, EXPIRY, null);
      return expired.length;
    });
  }
}
