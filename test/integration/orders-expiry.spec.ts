import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JobRunner } from '../../src/platform/jobs/job-runner.js';
import { OrderExpiryService } from '../../src/orders/order-expiry.service.js';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { jobsIn, runJobsNow } from '../support/jobs.js';
import { holdLock } from '../support/locks.js';
import { anOrder, moveOrder, orderPath, ORDERS, placeOrder, stocked } from '../support/orders.js';
import type { OrderBody } from '../support/orders.js';
import { stockOf } from '../support/stock.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

let database: TestDatabase;
let app: TestApp;
let manager: SignedIn;
let customer: SignedIn;
let productId: string;
const JOB = 'orders.expire';
const SIGNAL = { signal: new AbortController().signal };

beforeEach(async () => {
  database = await createDatabase();
  app = await startTestApp({ ORDER_PENDING_LIMIT: '1000' }, { databaseUrl: database.url });
  manager = await app.signIn('manager');
  customer = await app.signIn('customer');
  productId = (await stocked(manager.api, 1000)).id;
});
afterEach(async () => {
  await app.close();
  await database.drop();
});

const sql = <Row>(text: string, values: unknown[] = []) => app.dataSource.query<Row[]>(text, values);
const place = (quantity: number) => placeOrder(customer.api, [[productId, quantity]]);

/** No more at once than the service has connections. */
async function placeMany(count: number): Promise<OrderBody[]> {
  const orders: OrderBody[] = [];
  const lane = async () => {
    while (orders.length < count) orders.push(await place(1));
  };
  await Promise.all(Array.from({ length: 8 }, lane));
  return orders;
}
const statusOf = async (id: string) => (await customer.api.get<OrderBody>(orderPath(id))).body.status;
/** As if time had gone by for these orders. */
const makeOverdue = (...ids: string[]) =>
  sql(`UPDATE orders SET expires_at = now() - interval '1 second' WHERE id = ANY ($1)`, [ids]);
/** So that no order expires by the job meanwhile, which each minute brings: the test itself does it. */
const stopJobs = (one: TestApp) => one.app.get(JobRunner).beforeApplicationShutdown();
const expiryOf = (one: TestApp) => one.app.get(OrderExpiryService);
const expiredEvents = () =>
  sql<{ resource_id: string }>(
    `SELECT resource_id, actor_type, changes, details FROM events WHERE type = 'order.expired'`,
  );

/** The job as it waits for its next time. */
async function waitingJob() {
  return (await jobsIn(app.dataSource, 'none')).find(
    ({ name, locked_by: worker }) => name === JOB && worker === null,
  );
}

describe('an order that nobody pays in time', () => {
  it('expires by the job, and gives its stock back', async () => {
    const order = await place(1000);
    expect((await manager.api.get(`/v1/products/${productId}`)).body).toMatchObject({ in_stock: false });
    await expiryOf(app).expireDue(SIGNAL);
    expect(await statusOf(order.id)).toBe('pending');
    await makeOverdue(order.id);
    await runJobsNow(app.dataSource);
    await until(async () => (await statusOf(order.id)) === 'expired');
    expect((await customer.api.get(orderPath(order.id))).body).toMatchObject({
      expires_at: null,
      total: order.total,
    });
    expect(await stockOf(manager.api, productId)).toMatchObject({ on_hand: 1000, reserved: 0 });
    expect((await manager.api.get(`/v1/products/${productId}`)).body).toMatchObject({ in_stock: true });
    expect(await expiredEvents()).toEqual([
      {
        resource_id: order.id,
        actor_type: 'system',
        changes: { status: ['pending', 'expired'] },
        details: { user_id: customer.id, total: order.total, currency: 'USD', items: 1 },
      },
    ]);
    const metrics = async () => (await app.anonymous.get('/metrics')).text;
    // Others may see in the database what has expired a moment before the service has counted it.
    await expect.poll(metrics).toContain('stockroom_orders_total{status="expired"} 1');
    const text = await metrics();
    expect(text).toContain('stockroom_reservations_expired_total 1');
    expect(text).toContain('stockroom_stock_depleted_total 1');
  });

  it('can neither be paid nor cancelled any more, also before the job has come to it', async () => {
    await stopJobs(app);
    const order = await place(1);
    await makeOverdue(order.id);
    for (const api of [manager.api, customer.api])
      for (const status of ['paid', 'cancelled', 'expired']) {
        const answer = await api.patch(orderPath(order.id), { status });
        expect([answer.status, answer.body.code]).toEqual([409, 'invalid_transition']);
      }
    expect(await statusOf(order.id)).toBe('pending');
  });

  it('does not expire once it is paid', async () => {
    const order = await place(1);
    await moveOrder(manager.api, order.id, 'paid');
    await makeOverdue(order.id);
    await expiryOf(app).expireDue(SIGNAL);
    expect(await statusOf(order.id)).toBe('paid');
    expect(await stockOf(manager.api, productId)).toMatchObject({ reserved: 1 });
  });

  it('does not count against the limit of pending orders', async () => {
    const other = await startTestApp({ ORDER_PENDING_LIMIT: '1' }, { databaseUrl: database.url });
    await Promise.all([app, other].map(stopJobs));
    const api = other.anonymous.withToken(customer.accessToken);
    const order = await place(1);
    expect((await api.post(ORDERS, anOrder([[productId, 1]]))).status).toBe(409);
    await makeOverdue(order.id);
    expect((await api.post(ORDERS, anOrder([[productId, 1]]))).status).toBe(201);
    await other.close();
  });
});

describe('the job', () => {
  it('expires all that is due once, by several instances at the same time, in many batches', async () => {
    const orders = await placeMany(250);
    const kept = await place(5);
    const other = await startTestApp({}, { databaseUrl: database.url });
    await Promise.all([app, other].map(stopJobs));
    await makeOverdue(...orders.map(({ id }) => id));
    await Promise.all([app, other, app].map((one) => expiryOf(one).expireDue(SIGNAL)));
    const expired = (await expiredEvents()).map(({ resource_id: id }) => id);
    expect(expired.sort()).toEqual(orders.map(({ id }) => id).sort());
    expect(await stockOf(manager.api, productId)).toMatchObject({ on_hand: 1000, reserved: 5 });
    expect(await statusOf(kept.id)).toBe('pending');
    await other.close();
  });

  it('leaves an order alone that somebody moves at this moment, and comes back for it', async () => {
    await stopJobs(app);
    const [held, free] = [await place(1), await place(2)];
    await makeOverdue(held.id, free.id);
    const lock = await holdLock(database.url, 'SELECT FROM orders WHERE id = $1 FOR UPDATE', held.id);
    await expiryOf(app).expireDue(SIGNAL);
    expect([await statusOf(held.id), await statusOf(free.id)]).toEqual(['pending', 'expired']);
    expect((await waitingJob())?.run_at.getTime()).toBeLessThan(Date.now() + 2000);
    await lock.release();
    await expiryOf(app).expireDue(SIGNAL);
    expect(await statusOf(held.id)).toBe('expired');
  });

  it('finds after an outage all that became due meanwhile', async () => {
    await stopJobs(app);
    const orders = await placeMany(20);
    await expiryOf(app).expireDue(SIGNAL);
    expect(await waitingJob()).toBeDefined();
    await app.close();
    app = await startAfterAnHour();
    customer = { ...customer, api: app.anonymous.withToken(customer.accessToken) };
    await until(async () => (await expiredEvents()).length >= orders.length);
    for (const { id } of orders) expect(await statusOf(id)).toBe('expired');
    await expiryOf(app).expireDue(SIGNAL);
    expect(await expiredEvents()).toHaveLength(orders.length);
  });

  it('waits for the next order that is due, but no longer than a minute', async () => {
    await stopJobs(app);
    await place(1);
    const before = Date.now();
    await expiryOf(app).expireDue(SIGNAL);
    const far = (await waitingJob())?.run_at.getTime() ?? 0;
    expect(far).toBeGreaterThanOrEqual(before + 60_000);
    expect(far).toBeLessThanOrEqual(Date.now() + 60_000);
    const order = await place(1);
    await sql(`UPDATE orders SET expires_at = now() + interval '30 seconds' WHERE id = $1`, [order.id]);
    await expiryOf(app).expireDue(SIGNAL);
    const [{ at } = { at: new Date() }] = await sql<{ at: Date }>('SELECT min(expires_at) AS at FROM orders');
    expect((await waitingJob())?.run_at).toEqual(at);
  });
});

/** A service that starts when everything that waits in the database has waited for an hour. */
async function startAfterAnHour(): Promise<TestApp> {
  const lock = await holdLock(
    database.url,
    `WITH orders AS (UPDATE orders SET expires_at = expires_at - interval '1 hour')
     UPDATE graphile_worker._private_jobs SET run_at = run_at - interval '1 hour'`,
  );
  await lock.release();
  return startTestApp({}, { databaseUrl: database.url });
}
