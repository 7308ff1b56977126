import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiClient } from '../support/api-client.js';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { anOrder, moveOrder, orderPath, ORDERS, placeOrder, stocked } from '../support/orders.js';
import type { OrderBody } from '../support/orders.js';
import { stockOf } from '../support/stock.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

const LIMIT = 5;

/** Two instances of the service, on one database. */
let database: TestDatabase;
let app: TestApp;
let other: TestApp;
let manager: SignedIn;
let customers: SignedIn[];

beforeAll(async () => {
  database = await createDatabase();
  const settings = { ORDER_PENDING_LIMIT: String(LIMIT) };
  app = await startTestApp(settings, { databaseUrl: database.url });
  other = await startTestApp(settings, { databaseUrl: database.url });
  manager = await app.signIn('manager');
  customers = await Promise.all(Array.from({ length: 40 }, () => app.signIn('customer')));
});
afterAll(async () => {
  await other.close();
  await app.close();
  await database.drop();
});

const elsewhere = ({ accessToken }: SignedIn) => other.anonymous.withToken(accessToken);
const customer = (n: number) => customers[n % customers.length] as SignedIn;

/** As a client does that is told to come back later. */
async function insist(send: () => Promise<{ status: number }>): Promise<number> {
  for (;;) {
    const { status } = await send();
    if (status !== 503) return status;
  }
}

const countOf = (statuses: readonly number[], status: number) =>
  statuses.filter((one) => one === status).length;

/** How many deadlocks the database has seen; each connection tells that only when it is asked to. */
async function deadlocks(): Promise<unknown> {
  for (const { dataSource, config } of [app, other]) {
    const runners = Array.from({ length: config.database.poolSize }, () => dataSource.createQueryRunner());
    // All of them at the same time, so that each has a connection of its own.
    await Promise.all(runners.map((runner) => runner.connect()));
    for (const runner of runners) {
      await runner.query('SELECT pg_stat_force_next_flush()');
      await runner.release();
    }
  }
  const [row] = await app.dataSource.query<{ deadlocks: unknown }[]>(
    'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
  );
  return row?.deadlocks;
}

describe('simultaneous orders', () => {
  it('sell 50 units to 50 of 200 buyers, who want two products in opposite order', async () => {
    const [a, b] = [await stocked(manager.api, 50), await stocked(manager.api, 50)];
    const buy = (n: number) => {
      const wishes =
        n % 2 === 0
          ? ([
              [a.id, 1],
              [b.id, 1],
            ] as const)
          : ([
              [b.id, 1],
              [a.id, 1],
            ] as const);
      const buyer = customer(n);
      const api = n % 3 === 0 ? elsewhere(buyer) : buyer.api;
      return insist(() => api.post(ORDERS, anOrder(wishes)));
    };
    const statuses = await Promise.all(Array.from({ length: 200 }, (_, n) => buy(n)));
    expect([countOf(statuses, 201), countOf(statuses, 409)]).toEqual([50, 150]);
    for (const { id } of [a, b]) {
      expect(await stockOf(manager.api, id)).toMatchObject({ on_hand: 50, reserved: 50, available: 0 });
      expect((await manager.api.get(`/v1/products/${id}`)).body).toMatchObject({ in_stock: false });
      const depleted = await app.dataSource.query<unknown[]>(
        `SELECT FROM events WHERE type = 'stock.depleted' AND resource_id = $1`,
        [id],
      );
      expect(depleted).toHaveLength(1);
    }
    expect(await deadlocks()).toBe(0);
    const { body } = await manager.api.get(`${ORDERS}?limit=100`);
    for (const { id } of body.data) await moveOrder(manager.api, String(id), 'cancelled');
  });

  it('of one customer stay within ORDER_PENDING_LIMIT exactly', async () => {
    const { id } = await stocked(manager.api, 1000);
    const buyer = await app.signIn('customer');
    const apis = [buyer.api, elsewhere(buyer)];
    const order = (n: number) => (apis[n % 2] as ApiClient).post(ORDERS, anOrder([[id, 1]]));
    const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => order(n)));
    expect(
      countOf(
        answers.map(({ status }) => status),
        201,
      ),
    ).toBe(LIMIT);
    const refused = answers.filter(({ status }) => status !== 201);
    for (const { status, body } of refused) expect([status, body.code]).toEqual([409, 'conflict']);
    expect(refused[0]?.body.detail).toContain(`${LIMIT} pending orders`);
    expect(await stockOf(manager.api, id)).toMatchObject({ reserved: LIMIT });
    const { body } = await buyer.api.get(ORDERS);
    await moveOrder(manager.api, String(body.data[0]?.id), 'paid');
    await moveOrder(buyer.api, String(body.data[1]?.id), 'cancelled');
    const next = await Promise.all(Array.from({ length: 10 }, (_, n) => order(n)));
    expect(
      countOf(
        next.map(({ status }) => status),
        201,
      ),
    ).toBe(2);
  });

  it('under one Idempotency-Key are one order, 50 of them', async () => {
    const { id } = await stocked(manager.api, 1000);
    const buyer = await app.signIn('customer');
    const apis = [buyer.api, elsewhere(buyer)];
    const key = { 'idempotency-key': randomUUID() };
    const body = anOrder([[id, 3]]);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => (apis[n % 2] as ApiClient).post(ORDERS, body, key)),
    );
    const created = answers.filter(({ status }) => status === 201);
    expect(new Set(created.map(({ text }) => text)).size).toBe(1);
    for (const answer of answers.filter((one) => !created.includes(one)))
      expect([answer.status, answer.body.code]).toEqual([409, 'idempotency_in_progress']);
    expect((await buyer.api.get(ORDERS)).body.data).toEqual([created[0]?.body]);
    expect(await stockOf(manager.api, id)).toMatchObject({ reserved: 3 });
  });
});

describe('simultaneous moves of one order', () => {
  it('are one move, after which the others are not valid', async () => {
    const { id } = await stocked(manager.api, 1000);
    const orders = await Promise.all(customers.slice(0, 20).map(({ api }) => placeOrder(api, [[id, 1]])));
    const outcomes = await Promise.all(
      orders.map(async (order, n) => {
        const ways = [
          () => customer(n).api.patch(orderPath(order.id), { status: 'cancelled' }),
          () => manager.api.patch(orderPath(order.id), { status: 'paid' }),
          () => elsewhere(manager).patch(orderPath(order.id), { status: 'paid' }),
        ];
        const turned = [...ways.slice(n % 3), ...ways.slice(0, n % 3)];
        const statuses = await Promise.all(turned.map(insist));
        return countOf(statuses, 200);
      }),
    );
    // Somebody who is no customer may cancel what is paid: nobody did.
    expect(outcomes).toEqual(orders.map(() => 1));
    const statuses = await Promise.all(
      orders.map(
        async ({ id: orderId }) => (await manager.api.get<OrderBody>(orderPath(orderId))).body.status,
      ),
    );
    const paid = statuses.filter((status) => status === 'paid').length;
    expect(await stockOf(manager.api, id)).toMatchObject({ on_hand: 1000, reserved: paid });
  });
});
