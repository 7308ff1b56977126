import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { sortsOf } from '../platform/database/entity-columns.js';
import { Keyset } from '../platform/database/keyset.js';
import type { Filters, Sorts } from '../platform/database/keyset.js';
import { filtersOf } from '../platform/database/resource-filters.js';
import type { Page } from '../http/pages/page.js';
import type { ListWebhookDeliveriesQuery, ShownDelivery } from './webhook-delivery.dto.js';
import { WebhookDelivery } from './webhook-delivery.entity.js';

const COLUMNS = `id, endpoint_id AS "endpointId", event_id AS "eventId", event_type AS "eventType", status, attempts,
  next_attempt_at AS "nextAttemptAt", created_at AS "createdAt", version`;

const FIND = `
  SELECT ${COLUMNS} FROM webhook_deliveries WHERE id = $1
    AND endpoint_id IN (SELECT id FROM webhook_endpoints WHERE deleted_at IS NULL)`;

const INSERT = `
  INSERT INTO webhook_deliveries (id, endpoint_id, event_type, payload, next_attempt_at) VALUES ($1, $2, $3, $4, now())
  RETURNING ${COLUMNS}`;

/** One that is on its way at this moment stays so, and is tried again at once if that fails. */
const RETRY = `
  UPDATE webhook_deliveries SET status = 'pending', tries = 0, next_attempt_at = now(), version = version + 1
  WHERE id = $1 RETURNING ${COLUMNS}`;

const SORTS: Sorts<ShownDelivery> = sortsOf(WebhookDelivery);

/** The deliveries as clients see them; the DeliveryQueueRepository is what sends them. */
@Injectable()
export class WebhookDeliveriesRepository {
  constructor(
    @InjectRepository(WebhookDelivery) private readonly deliveries: Repository<WebhookDelivery>,
    private readonly keyset: Keyset,
  ) {}

  async findById(id: string): Promise<ShownDelivery | null> {
    const [delivery] = await this.deliveries.query<ShownDelivery[]>(FIND, [id]);
    return delivery ?? null;
  }

  page(endpointId: string, query: ListWebhookDeliveriesQuery): Promise<Page<ShownDelivery>> {
    return this.keyset.page<ShownDelivery>((sql, parameters) => this.deliveries.query(sql, parameters), {
      list: `webhook deliveries of ${endpointId}`,
      select: `SELECT ${COLUMNS} FROM webhook_deliveries`,
      filters: filtersFor(endpointId, query),
      sorts: SORTS,
      query: { ...query, sort: '-created_at' },
    });
  }

  async insertTest(
    tx: EntityManager,
    test: Pick<WebhookDelivery, 'id' | 'endpointId' | 'eventType' | 'payload'>,
  ): Promise<ShownDelivery> {
    const { id, endpointId, eventType, payload } = test;
    const [delivery] = await tx.query<[ShownDelivery]>(INSERT, [id, endpointId, eventType, payload]);
    return delivery;
  }

  async retry(tx: EntityManager, id: string): Promise<ShownDelivery | null> {
    const [[delivery]] = await tx.query<[ShownDelivery[], number]>(RETRY, [id]);
    return delivery ?? null;
  }

  /** Deletes some of those whose ids come before this one: ids begin with the time. Returns how many. */
  async deleteBefore(id: string, limit: number): Promise<number> {
    const [, deleted] = await this.deliveries.query<[unknown[], number]>(
      `DELETE FROM webhook_deliveries WHERE id IN
         (SELECT id FROM webhook_deliveries WHERE id < $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)`,
      [id, limit],
    );
    return deleted;
  }
}

function filtersFor(endpointId: string, { status, event_type }: ListWebhookDeliveriesQuery): Filters {
  const { conditions, parameters } = filtersOf(WebhookDelivery, { endpoint_id: endpointId, event_type });
  // By name, not as a parameter: the failed ones have an index of their own.
  return { conditions: [...conditions, ...(status ? [`status = '${status}'`] : [])], parameters };
}
