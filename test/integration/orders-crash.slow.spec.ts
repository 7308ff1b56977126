import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { ApiClient } from '../support/api-client.js';
import { BuiltService, freePort } from '../support/built-service.js';
import { anOrder, orderPath, ORDERS, stocked } from '../support/orders.js';
import type { OrderBody } from '../support/orders.js';
import { OwnPostgres } from '../support/own-postgres.js';
import { answering, verified, WebhookReceiver } from '../support/webhook-receiver.js';
import { createEndpoint, PRIVATE_HOSTS } from '../support/webhooks.js';
import { until } from '../support/until.js';

const ADMIN = { ADMIN_EMAIL: 'admin@example.com', ADMIN_PASSWORD: 'a password for the admin' };
const BUYERS = 8;

let database: OwnPostgres;
let databaseUrl: string;
let service: BuiltService;
let receiver: WebhookReceiver;
let secret: string;
let environment: NodeJS.ProcessEnv;
let api: ApiClient;
let wishes: [string, number][];

/** What was asked for, by its Idempotency-Key, and the id of the order where the answer said so. */
let asked: Map<string, string | null>;
const acknowledged = () => [...asked.values()].filter((id) => id !== null);

beforeAll(async () => {
  database = await OwnPostgres.start();
});
afterAll(() => database.remove());

/** One that a service has yet to fill. */
async function newDatabase(): Promise<string> {
  const name = `orders_${randomUUID().slice(0, 8)}`;
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  const url = new URL(database.url);
  url.pathname = name;
  return url.href;
}

beforeEach(async () => {
  databaseUrl = await newDatabase();
  receiver = await WebhookReceiver.start();
  receiver.answer = answering(204);
  environment = {
    ...ADMIN,
    ...PRIVATE_HOSTS,
    NODE_ENV: 'test',
    DATABASE_URL: databaseUrl,
    DATA_DIR: inject('dataDir'),
    PORT: String(await freePort()),
    RATE_LIMIT_PER_MINUTE: '0',
    ORDER_PENDING_LIMIT: '0',
  };
  asked = new Map();
  service = await new BuiltService(environment).ready();
  const { body } = await new ApiClient(service.url).post<{ access_token: string }>('/v1/auth/login', {
    email: ADMIN.ADMIN_EMAIL,
    password: ADMIN.ADMIN_PASSWORD,
  });
  api = new ApiClient(service.url).withToken(body.access_token);
  const products = [await stocked(api, 1_000_000), await stocked(api, 1_000_000)];
  ({ secret } = await createEndpoint(api, { url: receiver.url, event_types: ['order.created'] }));
  wishes = products.map(({ id }, n) => [id, n + 1]);
});

afterEach(async () => {
  await service.stop('SIGKILL');
  await receiver.stop();
});

/** Orders and orders, until the signal says to stop; what fails is left as it is, and nobody orders before the service is back. */
async function buy(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const key = randomUUID();
    asked.set(key, null);
    const id = await order(key).catch(() => null);
    asked.set(key, id);
    if (id === null) await until(isReady);
  }
}

const isReady = async () => (await service.status('/health/ready')) === 200;

async function order(key: string): Promise<string | null> {
  const { status, body } = await api.post<OrderBody>(ORDERS, anOrder(wishes), { 'idempotency-key': key });
  return status === 201 ? body.id : null;
}

/** Lets the crash happen in the midst of many orders, of which some are acknowledged after it, too, if the service lives. */
async function crashUnderLoad(crash: () => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const buyers = Array.from({ length: BUYERS }, () => buy(stop.signal));
  await until(() => acknowledged().length >= 100);
  await crash();
  const before = acknowledged().length;
  await until(() => acknowledged().length >= before + 20);
  stop.abort();
  await Promise.all(buyers);
  expect(asked.size).toBeGreaterThan(acknowledged().length);
}

/** The orders that the receiver of webhooks was told of. */
const heardOf = (): Set<unknown> =>
  new Set(receiver.received.map((message) => verified(secret, message).data['resource_id']));

async function expectAllOnce(): Promise<void> {
  const unsure = [...asked].filter(([, id]) => id === null);
  for (const [key, id] of asked) {
    if (id === null) continue;
    expect((await api.get(orderPath(id))).status).toBe(200);
    expect(await order(key)).toBe(id);
  }
  // Whether they were carried out or not: now they are, and once. What died with its lock may take a moment to end.
  for (const [key] of unsure) asked.set(key, await until(() => order(key)));
  for (const [key] of unsure) expect(await order(key)).toBe(asked.get(key));
  const ids = acknowledged();
  expect(new Set(ids).size).toBe(asked.size);
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query(
    `SELECT (SELECT count(*)::int FROM orders) AS orders,
       (SELECT count(DISTINCT resource_id)::int FROM events WHERE type = 'order.created') AS events,
       (SELECT count(*)::int FROM events WHERE type = 'order.created') AS created,
       (SELECT array_agg(reserved ORDER BY reserved) FROM stock_levels) AS reserved`,
  );
  const n = asked.size;
  expect(rows).toEqual([{ orders: n, events: n, created: n, reserved: [n, 2 * n] }]);
  // As if the leases of the dead were over.
  await client.query('UPDATE webhook_deliveries SET locked_until = NULL');
  await client.end();
  await until(() => heardOf().size === asked.size);
  expect([...heardOf()].sort()).toEqual(ids.sort());
}

describe('kill -9 under load leaves every acknowledged order, each key with one, and tells webhooks of all,', () => {
  it('of the service', async () => {
    await crashUnderLoad(async () => {
      await service.stop('SIGKILL');
      service = await new BuiltService(environment).ready();
    });
    await expectAllOnce();
  });

  it('of PostgreSQL, after which the service goes on by itself', async () => {
    await crashUnderLoad(async () => {
      await database.kill();
      await database.comeBack();
      await service.ready();
    });
    await expectAllOnce();
  });
});
