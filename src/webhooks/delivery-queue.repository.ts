import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { EntityManager } from 'typeorm';
import type { Attempt } from './attempt.js';
import type { Room } from './slots.js';
import { WebhookDelivery } from './webhook-delivery.entity.js';

/** A delivery in the hands of this process, with what it takes to send it. */
export interface ClaimedDelivery extends Pick<WebhookDelivery, 'id' | 'endpointId' | 'payload' | 'tries'> {
  readonly url: string;
  readonly sealedSecret: string;
  /** Null unless it still signs, too. */
  readonly sealedOldSecret: string | null;
}

/** What becomes of a delivery by an attempt. */
export interface AttemptResult {
  readonly id: string;
  readonly status: WebhookDelivery['status'];
  readonly tries: number;
  /** Until the next attempt; null if there is none. */
  readonly wait_ms: number | null;
  readonly attempt: Attempt;
}

/** Longer than an attempt and the writing down of its result ever take. */
const LEASE = `interval '30 seconds'`;

const KEPT_ATTEMPTS = 20;

const IS_DUE = `status = 'pending' AND next_attempt_at <= now() AND (locked_until IS NULL OR locked_until <= now())`;

/**
 * To each endpoint by itself, as much as it has room for: a long queue of one is nothing to the others. One that fails is
 * asked by one delivery at a time whether it is back.
 */
const CLAIM = `
  WITH endpoint AS MATERIALIZED (
    SELECT id, coalesce(taken, 0) AS taken, CASE WHEN failing_since IS NULL THEN $3::int ELSE 1 END AS most,
      $4::int / count(*) OVER () AS share
    FROM webhook_endpoints LEFT JOIN unnest($1::uuid[], $2::int[]) AS in_flight (endpoint_id, taken) ON endpoint_id = id
    WHERE is_active AND deleted_at IS NULL
      AND EXISTS (SELECT FROM webhook_deliveries WHERE endpoint_id = webhook_endpoints.id AND ${IS_DUE})
  ), due AS MATERIALIZED (
    SELECT delivery.id, endpoint.id AS endpoint_id FROM endpoint CROSS JOIN LATERAL (
      SELECT id FROM webhook_deliveries WHERE endpoint_id = endpoint.id AND ${IS_DUE}
      ORDER BY next_attempt_at
      LIMIT greatest(least(most - taken, share), CASE WHEN taken = 0 THEN 1 ELSE 0 END)
      FOR UPDATE SKIP LOCKED
    ) AS delivery
  )
  UPDATE webhook_deliveries AS delivery SET locked_until = now() + ${LEASE}
  FROM due JOIN webhook_endpoints AS endpoint ON endpoint.id = due.endpoint_id
  WHERE delivery.id = due.id
  RETURNING delivery.id, delivery.endpoint_id AS "endpointId", payload, tries, url, sealed_secret AS "sealedSecret",
    CASE WHEN old_secret_expires_at > now() THEN sealed_old_secret END AS "sealedOldSecret"`;

const FINISH = `
  UPDATE webhook_deliveries AS delivery SET
    status = result.status, tries = result.tries, locked_until = NULL, version = version + 1,
    next_attempt_at = now() + make_interval(secs => result.wait_ms / 1000.0),
    attempts = CASE WHEN jsonb_array_length(attempts) < ${KEPT_ATTEMPTS} THEN attempts ELSE attempts - 0 END || result.attempt
  FROM jsonb_to_recordset($1) AS result (id uuid, status text, tries int, wait_ms float8, attempt jsonb)
  WHERE delivery.id = result.id AND delivery.status = 'pending'`;

/** Counted no further than tells that there are too many. */
const BACKLOG = `
  SELECT coalesce(sum(pending), 0)::int AS pending, coalesce(max(waits), 0)::float8 AS "oldestSeconds"
  FROM webhook_endpoints AS endpoint CROSS JOIN LATERAL (
    SELECT count(*) AS pending, greatest(0, extract(epoch FROM now() - min(next_attempt_at))) AS waits FROM (
      SELECT next_attempt_at FROM webhook_deliveries
      WHERE endpoint_id = endpoint.id AND status = 'pending' ORDER BY next_attempt_at LIMIT 100000
    ) AS queued
  ) AS queue
  WHERE is_active AND deleted_at IS NULL`;

export interface Backlog {
  readonly pending: number;
  readonly oldestSeconds: number;
}

/** The deliveries that are to be sent. */
@Injectable()
export class DeliveryQueueRepository {
  constructor(@InjectRepository(WebhookDelivery) private readonly deliveries: Repository<WebhookDelivery>) {}

  /** Takes what is due, as far as there is room, for as long as the lease lasts. */
  async claim({ inFlight, ofOne, toShare }: Room): Promise<ClaimedDelivery[]> {
    const parameters = [[...inFlight.keys()], [...inFlight.values()], ofOne, toShare];
    const [claimed] = await this.deliveries.query<[ClaimedDelivery[], number]>(CLAIM, parameters);
    return claimed;
  }

  /** A delivery that somebody else has finished meanwhile, after the lease was over, stays as it is. */
  async finish(tx: EntityManager, results: readonly AttemptResult[]): Promise<void> {
    await tx.query(FINISH, [JSON.stringify(results)]);
  }

  /** What waits for endpoints that are active. */
  async backlog(): Promise<Backlog> {
    const [backlog] = await this.deliveries.query<[Backlog]>(BACKLOG);
    return backlog;
  }

  /** Back into the queue, as if it had never been taken. */
  async giveBack(ids: readonly string[]): Promise<void> {
    await this.deliveries.query('UPDATE webhook_deliveries SET locked_until = NULL WHERE id = ANY($1)', [
      ids,
    ]);
  }
}
