import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { Transactions } from '../platform/database/transactions.js';
import { failedAttempt } from './attempt.js';
import type { Attempt } from './attempt.js';
import { waitAfter } from './backoff.js';
import { DeliveryMetrics } from './delivery-metrics.service.js';
import { DeliveryQueueRepository } from './delivery-queue.repository.js';
import type { AttemptResult, ClaimedDelivery } from './delivery-queue.repository.js';
import { EndpointHealthService } from './endpoint-health.service.js';
import type { DeliveryOutcome } from './endpoint-health.service.js';
import { EndpointSecrets } from './endpoint-secrets.service.js';
import { Loop } from './loop.js';
import { Sender } from './sender.service.js';
import { signedHeaders } from './signature.js';
import { Slots } from './slots.js';

/** What other instances added, and what became due, is found within so long. */
const PACE = { restMs: 10, everyMs: 500 };
/** When the service stops, attempts in flight may go on for so long; then they are broken off and given back. */
const PATIENCE_MS = 2000;
const GONE = 410;

interface Ended {
  readonly delivery: ClaimedDelivery;
  readonly attempt: Attempt;
}

/**
 * Sends what is due. Each round writes down how attempts ended and takes new deliveries, in bulk; in between, while they
 * are on their way, no connection to the database is held. A delivery whose process dies is taken again when its lease
 * is over: it arrives at least once.
 */
@Injectable()
export class DeliveryEngine implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(DeliveryEngine.name);
  private readonly loop = new Loop(
    () => this.round(),
    PACE,
    (error) => this.report(error),
  );
  private readonly slots = new Slots();
  private readonly inFlight = new Map<string, Promise<void>>();
  private ended: Ended[] = [];
  private isStopping = false;

  constructor(
    private readonly queue: DeliveryQueueRepository,
    private readonly health: EndpointHealthService,
    private readonly secrets: EndpointSecrets,
    private readonly sender: Sender,
    private readonly metrics: DeliveryMetrics,
    private readonly transactions: Transactions,
  ) {}

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  /** There is something new to be sent. */
  wake(): void {
    this.loop.wake();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    await this.loop.stop();
    await Promise.race([Promise.all(this.inFlight.values()), sleep(PATIENCE_MS, undefined, { ref: false })]);
    const unfinished = [...this.inFlight.keys()];
    this.inFlight.clear();
    this.sender.close();
    try {
      await this.writeDown();
      if (unfinished.length > 0) await this.queue.giveBack(unfinished);
    } catch (error) {
      this.report(error);
    }
  }

  private async round(): Promise<void> {
    await this.writeDown();
    if (this.isStopping) return;
    for (const delivery of await this.queue.claim(this.slots.room)) {
      this.slots.take(delivery.endpointId);
      this.inFlight.set(delivery.id, this.attempt(delivery));
    }
  }

  private async attempt(delivery: ClaimedDelivery): Promise<void> {
    const attempt = await this.send(delivery);
    // Given back: what became of it is nobody's business.
    if (!this.inFlight.delete(delivery.id)) return;
    this.ended.push({ delivery, attempt });
    this.loop.wake();
  }

  private async send(delivery: ClaimedDelivery): Promise<Attempt> {
    const at = new Date();
    const startedAt = performance.now();
    try {
      const headers = this.sign(delivery, at);
      return await this.sender.send({ url: delivery.url, headers, payload: delivery.payload });
    } catch (error) {
      return failedAttempt(at, startedAt, error);
    }
  }

  private sign({ id, payload, endpointId, sealedSecret, sealedOldSecret }: ClaimedDelivery, at: Date) {
    const sealed = sealedOldSecret === null ? [sealedSecret] : [sealedSecret, sealedOldSecret];
    const secrets = sealed.map((text) => this.secrets.open(endpointId, text));
    return signedHeaders({ id: `msg_${id}`, payload }, secrets, at);
  }

  /** Slots are free again only after it: what could not be written down does not pile up. */
  private async writeDown(): Promise<void> {
    const ended = this.ended.slice();
    if (ended.length === 0) return;
    const results = ended.map(resultOf);
    await this.transactions.run(async (tx) => {
      await this.queue.finish(tx, results);
      await this.health.note(tx, ended.map(outcomeOf));
    });
    this.ended = this.ended.slice(ended.length);
    for (const { delivery } of ended) this.slots.give(delivery.endpointId);
    for (const { status } of results) this.metrics.count(status);
  }

  private report(error: unknown): void {
    this.logger.warn({ err: error, msg: 'Webhook deliveries are held up; trying again' });
  }
}

function resultOf({ delivery, attempt }: Ended): AttemptResult {
  const tries = delivery.tries + 1;
  const base = { id: delivery.id, tries, attempt };
  if (attempt.error === null) return { ...base, status: 'succeeded', wait_ms: null };
  const wait = attempt.status_code === GONE ? null : waitAfter(tries);
  return { ...base, status: wait === null ? 'failed' : 'pending', wait_ms: wait };
}

function outcomeOf({ delivery: { endpointId, url }, attempt }: Ended): DeliveryOutcome {
  return { endpointId, url, succeeded: attempt.error === null, statusCode: attempt.status_code };
}
