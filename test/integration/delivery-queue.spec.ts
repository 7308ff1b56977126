import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { loadConfig } from '../../config/index.js';
import { dataSourceOptions } from '../../src/platform/database/data-source.options.js';
import { DeliveryQueueRepository } from '../../src/webhooks/delivery-queue.repository.js';
import type { ClaimedDelivery } from '../../src/webhooks/delivery-queue.repository.js';
import { Slots } from '../../src/webhooks/slots.js';
import { WebhookDelivery } from '../../src/webhooks/webhook-delivery.entity.js';
import { WebhookEndpoint } from '../../src/webhooks/webhook-endpoint.entity.js';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';

let database: TestDatabase;
let dataSource: DataSource;
let queue: DeliveryQueueRepository;
let slots: Slots;

beforeEach(async () => {
  database = await createDatabase();
  const config = loadConfig({
    NODE_ENV: 'test',
    DATABASE_URL: database.url,
    DATABASE_STATEMENT_TIMEOUT_MS: '60000',
    DATA_DIR: inject('dataDir'),
  });
  const entities = [WebhookDelivery, WebhookEndpoint];
  dataSource = await new DataSource({ ...dataSourceOptions(config, database.url), entities }).initialize();
  queue = new DeliveryQueueRepository(dataSource.getRepository(WebhookDelivery));
  slots = new Slots();
});
afterEach(async () => {
  await dataSource.destroy();
  await database.drop();
});

async function endpoint(deliveries: number): Promise<string> {
  const id = uuidv7();
  await dataSource.query(
    `INSERT INTO webhook_endpoints (version, id, url, event_types, sealed_secret, starts_behind, created_by)
     VALUES (1, $1, 'https://example.com', '{*}', 'v1', 0, $1)`,
    [id],
  );
  await dataSource.query(
    `INSERT INTO webhook_deliveries (id, endpoint_id, event_type, payload, next_attempt_at)
     SELECT gen_random_uuid(), $1, 'stock.moved', '{}', now() - interval '1 second' FROM generate_series(1, $2)`,
    [id, deliveries],
  );
  return id;
}

/** Takes what there is room for, and says how much that is for each endpoint. */
async function claim(): Promise<Record<string, number>> {
  const claimed = await queue.claim(slots.room);
  for (const { endpointId } of claimed) slots.take(endpointId);
  return countByEndpoint(claimed);
}

function countByEndpoint(claimed: readonly ClaimedDelivery[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { endpointId } of claimed) counts[endpointId] = (counts[endpointId] ?? 0) + 1;
  return counts;
}

describe('claim', () => {
  it('takes of an endpoint what it has room for, and each delivery once', async () => {
    const id = await endpoint(100);
    const first = await queue.claim(slots.room);
    const second = await queue.claim(new Slots().room);
    expect([countByEndpoint(first), countByEndpoint(second)]).toEqual([{ [id]: 32 }, { [id]: 32 }]);
    expect(new Set([...first, ...second].map((delivery) => delivery.id)).size).toBe(64);
    for (const { endpointId } of first) slots.take(endpointId);
    expect(await claim()).toEqual({});
    slots.give(id);
    expect(await claim()).toEqual({ [id]: 1 });
  });

  it('shares the room among those that want it, and leaves one to whoever comes when it is full', async () => {
    const ids = [];
    for (let n = 0; n < 16; n += 1) ids.push(await endpoint(100));
    const claimed = await claim();
    expect(claimed).toEqual(Object.fromEntries(ids.map((id) => [id, 16])));
    expect(slots.room.toShare).toBe(0);
    expect(await claim()).toEqual({});
    const late = await endpoint(100);
    expect(await claim()).toEqual({ [late]: 1 });
    expect(await claim()).toEqual({});
  });

  it('asks one that fails by one delivery at a time', async () => {
    const failing = await endpoint(100);
    const healthy = await endpoint(3);
    await dataSource.query('UPDATE webhook_endpoints SET failing_since = now() WHERE id = $1', [failing]);
    expect(await claim()).toEqual({ [failing]: 1, [healthy]: 3 });
    expect(await claim()).toEqual({});
  });

  it('leaves those alone that are not due, have ended, or whose endpoint is not active or gone', async () => {
    const id = await endpoint(3);
    const [{ id: delivery } = { id: '' }] = await dataSource.query<{ id: string }[]>(
      'SELECT id FROM webhook_deliveries LIMIT 1',
    );
    await dataSource.query(`UPDATE webhook_deliveries SET next_attempt_at = now() + interval '1 minute'`);
    expect(await claim()).toEqual({});
    await dataSource.query(
      `UPDATE webhook_deliveries SET next_attempt_at = NULL, status = 'succeeded' WHERE id = $1`,
      [delivery],
    );
    await dataSource.query(
      `UPDATE webhook_deliveries SET next_attempt_at = now() - interval '1 second' WHERE status = 'pending'`,
    );
    await dataSource.query('UPDATE webhook_endpoints SET is_active = false');
    expect(await claim()).toEqual({});
    await dataSource.query('UPDATE webhook_endpoints SET is_active = true, deleted_at = now()');
    expect(await claim()).toEqual({});
    await dataSource.query('UPDATE webhook_endpoints SET deleted_at = NULL');
    expect(await claim()).toEqual({ [id]: 2 });
  });

  it('takes again what somebody had taken whose lease is over, or who gave it back', async () => {
    const id = await endpoint(2);
    const claimed = await queue.claim(slots.room);
    expect(await claim()).toEqual({});
    await queue.giveBack(claimed.slice(0, 1).map((delivery) => delivery.id));
    expect(await claim()).toEqual({ [id]: 1 });
    slots = new Slots();
    await dataSource.query("UPDATE webhook_deliveries SET locked_until = now() - interval '1 second'");
    expect(await claim()).toEqual({ [id]: 2 });
  });
});

describe('finish', () => {
  const attempt = { at: '', status_code: 200, duration_ms: 1, error: null, response_excerpt: null };

  it('keeps the latest 20 attempts, and leaves alone what has ended', async () => {
    await endpoint(1);
    const [{ id } = { id: '' }] = await queue.claim(slots.room);
    const finish = (n: number, status: 'pending' | 'succeeded') =>
      queue.finish(dataSource.manager, [
        {
          id,
          status,
          tries: n,
          wait_ms: status === 'pending' ? 1000 : null,
          attempt: { ...attempt, at: String(n) },
        },
      ]);
    for (let n = 1; n <= 25; n += 1) await finish(n, 'pending');
    await finish(26, 'succeeded');
    await finish(27, 'pending');
    const [row] = await dataSource.query<WebhookDelivery[]>(
      'SELECT status, attempts, tries FROM webhook_deliveries',
    );
    expect(row).toMatchObject({ status: 'succeeded', tries: 26 });
    expect(row?.attempts.map(({ at }) => Number(at))).toEqual(Array.from({ length: 20 }, (_, n) => n + 7));
  });
});

describe('backlog', () => {
  it('is what waits for active endpoints', async () => {
    expect(await queue.backlog()).toEqual({ pending: 0, oldestSeconds: 0 });
    await endpoint(3);
    const { pending, oldestSeconds } = await queue.backlog();
    expect(pending).toBe(3);
    expect(oldestSeconds).toBeGreaterThanOrEqual(1);
    await dataSource.query('UPDATE webhook_endpoints SET is_active = false');
    expect(await queue.backlog()).toEqual({ pending: 0, oldestSeconds: 0 });
  });
});
