import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { LoggedEvent } from '../platform/events/logged-event.entity.js';
import type { WebhookEndpoint } from './webhook-endpoint.entity.js';

/** Who wants to hear of what. */
export type SubscribedEndpoint = Pick<WebhookEndpoint, 'id' | 'eventTypes' | 'startsBehind'>;

export interface NewDelivery {
  readonly id: string;
  readonly endpointId: string;
  readonly event: Pick<LoggedEvent, 'id' | 'type'>;
  readonly payload: string;
}

/** The payload of an event goes over the line once, however many hear of it. */
const INSERT = `
  INSERT INTO webhook_deliveries (id, endpoint_id, event_id, event_type, payload, next_attempt_at)
  SELECT new.id, new.endpoint_id, event.id, event.type, event.payload, now()
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS new (id, endpoint_id, event_id)
  JOIN unnest($4::uuid[], $5::text[], $6::text[]) AS event (id, type, payload) ON event.id = new.event_id
  ON CONFLICT ON CONSTRAINT webhook_deliveries_event_id_key DO NOTHING`;

/** What makes deliveries of events. */
@Injectable()
export class DispatchRepository {
  /** How far the log has been read; null if somebody else is reading on. */
  async lockCursor(tx: EntityManager): Promise<string | null> {
    const sql = 'SELECT position FROM webhook_cursor FOR UPDATE SKIP LOCKED';
    const [cursor] = await tx.query<{ position: string }[]>(sql);
    return cursor?.position ?? null;
  }

  async moveCursor(tx: EntityManager, position: string): Promise<void> {
    await tx.query('UPDATE webhook_cursor SET position = $1', [position]);
  }

  findSubscribed(tx: EntityManager): Promise<SubscribedEndpoint[]> {
    return tx.query<SubscribedEndpoint[]>(
      `SELECT id, event_types AS "eventTypes", starts_behind AS "startsBehind" FROM webhook_endpoints
       WHERE is_active AND deleted_at IS NULL`,
    );
  }

  async insert(tx: EntityManager, deliveries: readonly NewDelivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    const events = [...new Map(deliveries.map((delivery) => [delivery.event.id, delivery])).values()];
    await tx.query(INSERT, [
      deliveries.map(({ id }) => id),
      deliveries.map(({ endpointId }) => endpointId),
      deliveries.map(({ event }) => event.id),
      events.map(({ event }) => event.id),
      events.map(({ event }) => event.type),
      events.map(({ payload }) => payload),
    ]);
  }
}
