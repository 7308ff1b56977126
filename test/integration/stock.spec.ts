import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiClient } from '../support/api-client.js';
import { holdLock } from '../support/locks.js';
import { createProduct } from '../support/products.js';
import { aMovement, move, movementsPath, stockOf } from '../support/stock.js';
import type { MovementBody } from '../support/stock.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

/** Two instances of the service, on one database. */
let app: TestApp;
let other: TestApp;
let manager: SignedIn;
let apis: [ApiClient, ApiClient];

beforeAll(async () => {
  app = await startTestApp();
  other = await startTestApp({}, { databaseUrl: app.config.database.url });
  manager = await app.signIn('manager');
  apis = [manager.api, other.anonymous.withToken(manager.accessToken)];
});
afterAll(async () => {
  await other.close();
  await app.close();
});

const sql = <Row>(text: string, values: unknown[] = []) => app.dataSource.query<Row[]>(text, values);

/** What the database itself says of a product's stock. */
async function rowsOf(productId: string) {
  const [row] = await sql<{ on_hand: number | null; sum: number; movements: number; events: number }>(
    `SELECT (SELECT on_hand FROM stock_levels WHERE product_id = $1), count(*)::int AS movements,
       coalesce(sum(quantity), 0)::int AS sum,
       (SELECT count(*)::int FROM events WHERE type = 'stock.moved' AND resource_id = $1) AS events
     FROM stock_movements WHERE product_id = $1`,
    [productId],
  );
  return row;
}

/** As a client does that is told to come back later. */
async function insistOn(send: () => Promise<{ status: number }>): Promise<number> {
  for (;;) {
    const { status } = await send();
    if (status !== 503) return status;
  }
}

const insist = (api: ApiClient, productId: string, quantity: number) =>
  insistOn(() => api.post(movementsPath(productId), aMovement({ quantity })));

describe('simultaneous movements', () => {
  it('end in the exact sum, 500 of them on one product by two instances', async () => {
    const { id } = await createProduct(manager.api);
    await move(manager.api, id, 100_000);
    const quantities = Array.from({ length: 500 }, (_, n) => (n % 3 === 0 ? -1 : 1) * (n + 1));
    const statuses = await Promise.all(
      quantities.map((quantity, n) => insist(apis[n % 2] as ApiClient, id, quantity)),
    );
    expect(statuses).toEqual(quantities.map(() => 201));
    const sum = 100_000 + quantities.reduce((a, b) => a + b);
    expect(await rowsOf(id)).toEqual({ on_hand: sum, sum, movements: 501, events: 501 });
    expect(await stockOf(apis[1], id)).toMatchObject({ on_hand: sum, available: sum });
  });

  it('begin one level, also where 50 are the first', async () => {
    const { id } = await createProduct(manager.api, { in_stock: false });
    const statuses = await Promise.all(
      Array.from({ length: 50 }, (_, n) => insist(apis[n % 2] as ApiClient, id, n + 1)),
    );
    expect(statuses).toEqual(Array(50).fill(201));
    expect(await rowsOf(id)).toEqual({ on_hand: 1275, sum: 1275, movements: 50, events: 50 });
    expect((await manager.api.get(`/v1/products/${id}`)).body.in_stock).toBe(true);
  });

  it('never take more than there is: 20 of 50 get one', async () => {
    const { id } = await createProduct(manager.api);
    await move(manager.api, id, 20);
    const statuses = await Promise.all(
      Array.from({ length: 50 }, (_, n) => insist(apis[n % 2] as ApiClient, id, -1)),
    );
    expect(statuses.sort()).toEqual([...Array<number>(20).fill(201), ...Array<number>(30).fill(409)]);
    expect(await rowsOf(id)).toEqual({ on_hand: 0, sum: 0, movements: 21, events: 21 });
    expect((await manager.api.get(`/v1/products/${id}`)).body.in_stock).toBe(false);
    const depleted = await sql(`SELECT 1 FROM events WHERE type = 'stock.depleted' AND resource_id = $1`, [
      id,
    ]);
    expect(depleted).toHaveLength(1);
  });
});

describe('a movement that meets the deletion of its product', () => {
  const NOTHING = { on_hand: null, sum: 0, movements: 0, events: 0 };
  const post = (id: string) => manager.api.post(movementsPath(id), aMovement({ quantity: 3 }));
  const remove = (id: string) => manager.api.delete(`/v1/products/${id}`);
  const hold = (statement: string, ...values: unknown[]) =>
    holdLock(app.config.database.url, statement, ...values);

  it('has no effect if that is about to be committed', async () => {
    const { id } = await createProduct(manager.api);
    const lock = await hold('UPDATE products SET deleted_at = now() WHERE id = $1', id);
    const moving = post(id);
    await lock.waiters(1);
    await lock.release();
    expect((await moving).status).toBe(404);
    expect(await rowsOf(id)).toEqual(NOTHING);
  });

  it('has no effect if that comes while it waits for the level', async () => {
    const { id } = await createProduct(manager.api);
    await move(manager.api, id, 5);
    const lock = await hold('SELECT 1 FROM stock_levels WHERE product_id = $1 FOR UPDATE', id);
    const moving = post(id);
    await lock.waiters(1);
    expect((await remove(id)).status).toBe(204);
    await lock.release();
    expect((await moving).status).toBe(404);
    expect(await rowsOf(id)).toEqual({ on_hand: 5, sum: 5, movements: 1, events: 1 });
  });

  it('counts if it comes first, and lets that wait', async () => {
    const { id } = await createProduct(manager.api);
    await move(manager.api, id, 5);
    // The movement stops just before its end.
    const lock = await hold('LOCK TABLE events IN EXCLUSIVE MODE');
    const moving = post(id);
    await lock.waiters(1);
    const removing = remove(id);
    await lock.waiters(2);
    await lock.release();
    expect([(await moving).status, (await removing).status]).toEqual([201, 204]);
    expect(await rowsOf(id)).toEqual({ on_hand: 8, sum: 8, movements: 2, events: 2 });
  });

  it('ends without a deadlock, many times', async () => {
    const products = await Promise.all(Array.from({ length: 30 }, () => createProduct(manager.api)));
    const outcomes = await Promise.all(
      products.map(async ({ id }, n) => {
        const moving = [insist(apis[0], id, 1), insist(apis[1], id, 2), insist(apis[0], id, 4)];
        const removed = await insistOn(() => (apis[n % 2] as ApiClient).delete(`/v1/products/${id}`));
        return { id, removed, moved: await Promise.all(moving) };
      }),
    );
    for (const { id, removed, moved } of outcomes) {
      expect(removed).toBe(204);
      const sum = [1, 2, 4].filter((_, n) => moved[n] === 201).reduce((a, b) => a + b, 0);
      const movements = moved.filter((status) => status === 201).length;
      expect(moved.filter((status) => status === 404)).toHaveLength(3 - movements);
      expect(await rowsOf(id)).toEqual({ on_hand: sum || null, sum, movements, events: movements });
    }
  });
});

describe('the event log', () => {
  it('tells what moved and by whom, and what is sold out; nothing of what was refused', async () => {
    const { id } = await createProduct(manager.api);
    const receipt = await move(manager.api, id, 5);
    const loss = await move(manager.api, id, -5, { reason: 'loss', note: 'Fire' });
    expect((await manager.api.post(movementsPath(id), aMovement({ quantity: -1 }))).status).toBe(409);
    const who = { resource_type: 'stock', actor_type: 'user', actor_id: manager.id };
    const events = await sql(
      `SELECT type, resource_type, actor_type, actor_id, changes, details FROM events
       WHERE resource_id = $1 AND resource_type = 'stock' ORDER BY position`,
      [id],
    );
    const moved = ({ id: movement_id, quantity, reason }: MovementBody, onHand: number) => ({
      type: 'stock.moved',
      ...who,
      changes: { on_hand: [onHand - quantity, onHand] },
      details: { movement_id, quantity, reason, on_hand: onHand, available: onHand },
    });
    expect(events).toEqual([
      moved(receipt, 5),
      moved(loss, 0),
      { type: 'stock.depleted', ...who, changes: null, details: null },
    ]);
  });
});

describe('the tables of stock', () => {
  let productId: string;

  beforeAll(async () => {
    productId = (await createProduct(manager.api)).id;
    await move(manager.api, productId, 10);
  });

  it.each([
    ['on_hand = -1', 'stock_levels_reserved_check'],
    ['reserved = -1', 'stock_levels_reserved_check'],
    ['reserved = 11', 'stock_levels_reserved_check'],
    ['on_hand = 1000000001', 'stock_levels_on_hand_check'],
  ])('refuse a level with %s', async (change, constraint) => {
    await expect(sql(`UPDATE stock_levels SET ${change} WHERE product_id = $1`, [productId])).rejects.toThrow(
      constraint,
    );
  });

  it.each([
    [{ quantity: 0 }, 'stock_movements_quantity_check'],
    [{ quantity: 1_000_000_001 }, 'stock_movements_quantity_check'],
    [{ quantity: -1_000_000_001 }, 'stock_movements_quantity_check'],
    [{ reason: 'theft' }, 'stock_movements_reason_check'],
    [{ note: '' }, 'stock_movements_note_check'],
    [{ note: 'x'.repeat(501) }, 'stock_movements_note_check'],
    [{ reason: 'shipment' }, 'stock_movements_order_id_check'],
    [{ order_id: randomUUID() }, 'stock_movements_order_id_check'],
    [{ product_id: randomUUID() }, 'stock_movements_product_id_fkey'],
  ])('refuse a movement with %j', async (fields, constraint) => {
    const row = {
      quantity: 1,
      reason: 'receipt',
      note: null,
      order_id: null,
      product_id: productId,
      ...fields,
    };
    const insert = sql(
      `INSERT INTO stock_movements (id, quantity, reason, note, order_id, product_id)
       VALUES (gen_random_uuid(), $1, $2, $3, $4, $5)`,
      [row.quantity, row.reason, row.note, row.order_id, row.product_id],
    );
    await expect(insert).rejects.toThrow(constraint);
  });

  it.each([
    'UPDATE stock_movements SET quantity = 1',
    'DELETE FROM stock_movements',
    'TRUNCATE stock_movements',
    'TRUNCATE products CASCADE',
  ])('refuse %s', async (statement) => {
    await expect(sql(statement)).rejects.toThrow('stock movements can be neither changed nor deleted');
  });
});
