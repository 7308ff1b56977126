import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ApiClient } from '../support/api-client.js';
import { BuiltService, freePort } from '../support/built-service.js';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { aProduct } from '../support/products.js';
import { aMovement, movementsPath } from '../support/stock.js';
import { answering, verified, WebhookReceiver } from '../support/webhook-receiver.js';
import { createEndpoint, PRIVATE_HOSTS, sendTest } from '../support/webhooks.js';
import type { EndpointBody } from '../support/webhooks.js';
import { until } from '../support/until.js';

const ADMIN = { email: 'admin@example.com', password: 'a passphrase for the tests' };

let database: TestDatabase;
let observer: pg.Client;
let folder: string;
let service: BuiltService;
let receiver: WebhookReceiver;
let api: ApiClient;

beforeEach(async () => {
  database = await createDatabase();
  observer = new pg.Client({ connectionString: database.url });
  await observer.connect();
  folder = mkdtempSync(join(tmpdir(), 'stockroom-crash-'));
  receiver = await WebhookReceiver.start();
  service = await new BuiltService({
    ...PRIVATE_HOSTS,
    PORT: String(await freePort()),
    DATA_DIR: folder,
    DATABASE_URL: database.url,
    ADMIN_EMAIL: ADMIN.email,
    ADMIN_PASSWORD: ADMIN.password,
    RATE_LIMIT_PER_MINUTE: '0',
  }).ready();
  const client = new ApiClient(service.url);
  const { body } = await client.post<{ access_token: string }>('/v1/auth/login', ADMIN);
  api = client.withToken(body.access_token);
});

afterEach(async () => {
  await service.stop();
  await receiver.stop();
  await observer.end();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const listen = (): Promise<EndpointBody> =>
  createEndpoint(api, { url: receiver.url, event_types: ['stock.moved'] });

/** Which event came under which ids. */
function arrivals(secret: string): Map<string, Set<unknown>> {
  const found = new Map<string, Set<unknown>>();
  for (const message of receiver.received) {
    const { id } = verified(secret, message).data as { id: string };
    found.set(id, (found.get(id) ?? new Set()).add(message.headers['webhook-id']));
  }
  return found;
}

async function idsOf(condition: string): Promise<string[]> {
  const { rows } = await observer.query<{ id: string }>(
    `SELECT 'msg_' || id AS id FROM webhook_deliveries WHERE ${condition}`,
  );
  return rows.map(({ id }) => id);
}

it('Of a service that is killed and started again, every committed event arrives, under one id', async () => {
  const { secret } = await listen();
  const { id } = (await api.post('/v1/products', aProduct())).body;
  // The first ones are on their way when it dies.
  receiver.answer = (response, received) => {
    if (receiver.received.indexOf(received) >= 10) answering(204)(response, received);
  };
  const moving = Array.from({ length: 60 }, () =>
    api.post(movementsPath(id), aMovement()).catch(() => undefined),
  );
  await receiver.until(20);
  await service.stop('SIGKILL');
  await Promise.all(moving);
  const unanswered = receiver.ids.slice(0, 10);
  receiver.answer = answering(204);
  // On a slow machine, some may have been given up before, to be tried again later.
  const onTheirWay = await idsOf('locked_until IS NOT NULL');
  // As if the leases of the dead were over.
  await observer.query('UPDATE webhook_deliveries SET locked_until = now()');
  service = await new BuiltService(service.environment).ready();
  const { rows } = await observer.query<{ id: string }>(`SELECT id FROM events WHERE type = 'stock.moved'`);
  await until(() => rows.every((event) => arrivals(secret).has(event.id)));
  for (const ids of arrivals(secret).values()) expect(ids.size).toBe(1);
  const open = `SELECT FROM webhook_deliveries WHERE status = 'pending'`;
  await until(async () => (await observer.query(open)).rowCount === 0);
  const attempts = await observer.query<{ id: string; count: number }>(
    `SELECT 'msg_' || id AS id, jsonb_array_length(attempts) AS count FROM webhook_deliveries`,
  );
  // What was on its way at the kill came once more than is written down: its answer was never heard.
  for (const again of unanswered)
    expect(receiver.ids.filter((sent) => sent === again)).toHaveLength(
      Number(attempts.rows.find(({ id }) => id === again)?.count) + (onTheirWay.includes(again) ? 1 : 0),
    );
  expect((await observer.query('SELECT FROM webhook_deliveries')).rowCount).toBe(rows.length);
});

it('A service that stops gives back what was on its way, and does not count it', async () => {
  const { id } = await listen();
  receiver.answer = () => undefined;
  const test = await sendTest(api, id);
  await receiver.until(1);
  expect(await service.stop()).toBe(0);
  const { rows } = await observer.query('SELECT status, attempts, locked_until FROM webhook_deliveries');
  expect(rows).toEqual([{ status: 'pending', attempts: [], locked_until: null }]);
  receiver.answer = answering(204);
  service = await new BuiltService(service.environment).ready();
  await receiver.until(2);
  expect(receiver.ids).toEqual([`msg_${test.id}`, `msg_${test.id}`]);
});
