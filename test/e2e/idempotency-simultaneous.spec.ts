import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { holdLock } from '../support/locks.js';
import { aProduct } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let database: TestDatabase;
let one: TestApp;
let two: TestApp;
let manager: SignedIn;
let instances: SignedIn['api'][];
let headers: Record<string, string>;

beforeAll(async () => {
  database = await createDatabase();
  one = await startTestApp({}, { databaseUrl: database.url });
  two = await startTestApp({}, { databaseUrl: database.url });
  manager = await one.signIn('manager');
  instances = [manager.api, two.anonymous.withToken(manager.accessToken)];
});
beforeEach(() => {
  headers = { 'idempotency-key': randomUUID() };
});
afterAll(async () => {
  await one.close();
  await two.close();
  await database.drop();
});

const post = (body: object, instance = 0) =>
  (instances[instance] as SignedIn['api']).post('/v1/products', body, headers);

/** Holds up everybody who wants to write a product. */
const holdWriters = () => holdLock(database.url, 'LOCK TABLE products IN EXCLUSIVE MODE');

describe('an Idempotency-Key that arrives', () => {
  it('fifty times at once, on two instances, has one effect', async () => {
    const body = aProduct();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => post(body, i % 2)));
    const created = answers.filter(({ status }) => status === 201);
    expect(new Set(created.map(({ text }) => text)).size).toBe(1);
    expect(created.filter((answer) => !answer.headers.has('idempotency-replayed'))).toHaveLength(1);
    for (const { status, body: problem } of answers.filter((answer) => !created.includes(answer)))
      expect([status, problem.code]).toEqual([409, 'idempotency_in_progress']);
    const { body: page } = await manager.api.get(`/v1/products?sku=${body.sku}`);
    expect(page.data).toHaveLength(1);
    expect((await post(body)).text).toBe(created[0]?.text);
  });

  it('while its first use is still in flight is told so at once, also elsewhere', async () => {
    const hold = await holdWriters();
    const body = aProduct();
    const first = post(body);
    await hold.waiters(1);
    for (const instance of [0, 1]) {
      const meanwhile = await post(body, instance);
      expect([meanwhile.status, meanwhile.body.code]).toEqual([409, 'idempotency_in_progress']);
    }
    await hold.release();
    expect((await first).status).toBe(201);
    expect((await post(body, 1)).text).toBe((await first).text);
  });

  it('again on another instance is answered there as here', async () => {
    const body = aProduct();
    const first = await post(body, 0);
    const again = await post(body, 1);
    expect(again.text).toBe(first.text);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });

  it('after its first use failed is carried out', async () => {
    const hold = await holdWriters();
    const body = aProduct();
    const first = post(body);
    await hold.waiters(1);
    await one.dataSource.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    expect((await first).status).toBe(503);
    await hold.release();
    const again = await post(body);
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, null]);
  });
});
