import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OrderExpiryService } from '../../src/orders/order-expiry.service.js';
import { ORDER_STATUSES } from '../../src/orders/order-status.js';
import type { OrderStatus } from '../../src/orders/order-status.js';
import type { ApiClient } from '../support/api-client.js';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { anOrder, orderPath, ORDERS, stocked } from '../support/orders.js';
import type { OrderBody } from '../support/orders.js';
import { createProduct } from '../support/products.js';
import { aMovement, movementsPath } from '../support/stock.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

/** Two instances of the service, on one database. */
let database: TestDatabase;
let instances: [TestApp, TestApp];
let manager: SignedIn;
let customers: SignedIn[];

beforeAll(async () => {
  database = await createDatabase();
  const options = { databaseUrl: database.url };
  const settings = { ORDER_PENDING_LIMIT: '4' };
  instances = [await startTestApp(settings, options), await startTestApp(settings, options)];
  manager = await instances[0].signIn('manager');
  customers = [await instances[0].signIn('customer'), await instances[0].signIn('customer')];
});
afterAll(async () => {
  for (const app of instances) await app.close();
  await database.drop();
});

const small = fc.nat({ max: 5 });
const quantity = fc.integer({ min: 1, max: 6 });
/** Mostly where an order can go on to. */
const target = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('paid', 'paid', 'shipped', 'delivered', 'cancelled') },
  { weight: 1, arbitrary: fc.constantFrom(...ORDER_STATUSES) },
);
/** One thing that somebody does; numbers choose among what there is. */
const action = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('order' as const),
      by: small,
      items: fc.dictionary(fc.constantFrom('0', '1', '2', '3'), quantity, { minKeys: 1 }),
    }),
  },
  {
    weight: 20,
    arbitrary: fc.record({
      kind: fc.constant('move' as const),
      by: small,
      which: fc.nat(),
      to: target,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('stock' as const),
      which: small,
      by: fc.integer({ min: -6, max: 8 }).filter((n) => n !== 0),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const), which: fc.nat() }) },
);
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

const managerMoves = (to: OrderStatus): Action => ({ kind: 'move', by: 0, which: 0, to });
/** So that every run comes to each answer and each status at least once, whatever chance brings then. */
const PRELUDE: readonly (readonly [Action, status: number])[] = [
  [{ kind: 'order', by: 0, items: { 0: 1 } }, 201],
  [{ kind: 'order', by: 1, items: { 1: 2, 3: 1 } }, 201],
  [{ kind: 'order', by: 1, items: { 0: 1000 } }, 409],
  [managerMoves('paid'), 200],
  [managerMoves('shipped'), 200],
  [managerMoves('delivered'), 200],
  [managerMoves('paid'), 409],
  [{ kind: 'move', by: 4, which: 1, to: 'paid' }, 403],
  [{ kind: 'move', by: 4, which: 1, to: 'cancelled' }, 200],
  [{ kind: 'stock', which: 0, by: 5 }, 201],
  [{ kind: 'stock', which: 0, by: -1000 }, 409],
];

const sql = <Row>(text: string, values: unknown[] = []) => instances[0].dataSource.query<Row[]>(text, values);
const callers = () => [manager, ...customers];

/** Does it by the n-th instance. Returns the status, or 0 where there is no answer. */
async function act(one: Action, n: number, products: readonly string[], orders: string[]): Promise<number> {
  const app = instances[n % 2] as TestApp;
  const as = (who: SignedIn): ApiClient => app.anonymous.withToken(who.accessToken);
  const orderId = (which: number) => orders[which % Math.max(1, orders.length)];
  if (one.kind === 'order') {
    const wishes = Object.entries(one.items).map(
      ([which, of]) => [products[Number(which)] ?? '', of] as const,
    );
    const who = callers()[one.by % 3] as SignedIn;
    const { status, body } = await as(who).post<OrderBody>(
      ORDERS,
      anOrder(n % 3 ? wishes : wishes.toReversed()),
    );
    if (status === 201) orders.push(body.id);
    return status;
  }
  if (one.kind === 'stock') {
    const path = movementsPath(products[one.which % 3] ?? '');
    return (await as(manager).post(path, aMovement({ quantity: one.by }))).status;
  }
  const id = orderId(one.which);
  if (id === undefined) return 0;
  if (one.kind === 'move') {
    const who = one.by < 4 ? manager : (customers[one.by % 2] as SignedIn);
    return (await as(who).patch(orderPath(id), { status: one.to })).status;
  }
  await sql(`UPDATE orders SET expires_at = now() - interval '1 second' WHERE id = $1`, [id]);
  await expireDue(app);
  return 0;
}

const expireDue = ({ app }: TestApp) =>
  app.get(OrderExpiryService).expireDue({ signal: new AbortController().signal });

/** Everything that breaks one of the rules, by one snapshot. */
const BROKEN = `
  WITH held AS (
    SELECT product_id, sum(quantity)::int AS quantity FROM order_items JOIN orders ON orders.id = order_id
    WHERE is_reserved AND status IN ('pending', 'paid') GROUP BY product_id
  ), moved AS (
    SELECT product_id, sum(quantity)::int AS quantity FROM stock_movements GROUP BY product_id
  ), steps AS (
    SELECT resource_id AS order_id, changes->'status'->>0 AS before, changes->'status'->>1 AS after, type,
      row_number() OVER (PARTITION BY resource_id ORDER BY position) AS number,
      lag(changes->'status'->>1) OVER (PARTITION BY resource_id ORDER BY position) AS previous
    FROM events WHERE resource_type = 'order'
  ), shipped AS (
    SELECT order_id, product_id, -quantity AS quantity FROM stock_movements WHERE reason = 'shipment'
  ), to_be_shipped AS (
    SELECT order_id, product_id, quantity FROM order_items JOIN orders ON orders.id = order_id
    WHERE is_reserved AND status IN ('shipped', 'delivered')
  )
  SELECT 'reserved is not what open orders hold' AS rule, level.product_id AS id FROM stock_levels AS level
    LEFT JOIN held USING (product_id) WHERE reserved <> coalesce(held.quantity, 0)
  UNION ALL SELECT 'on_hand is not the sum of movements', level.product_id FROM stock_levels AS level
    LEFT JOIN moved USING (product_id) WHERE on_hand IS DISTINCT FROM moved.quantity
  UNION ALL SELECT 'in_stock is not whether some is available', product_id FROM stock_levels AS level
    JOIN products ON products.id = product_id WHERE in_stock <> (on_hand > reserved)
  UNION ALL SELECT 'an event does not go on from the one before', order_id FROM steps
    WHERE before IS DISTINCT FROM previous OR (number = 1) <> (type = 'order.created')
  UNION ALL SELECT 'the last event is not the state', orders.id FROM orders
    LEFT JOIN steps ON steps.order_id = orders.id AND number = version WHERE after IS DISTINCT FROM status
  UNION ALL SELECT 'there are other events than changes', orders.id FROM orders
    WHERE version <> (SELECT count(*) FROM steps WHERE steps.order_id = orders.id)
  UNION ALL SELECT 'what was shipped is not what moved', order_id FROM (
    (TABLE shipped EXCEPT ALL TABLE to_be_shipped) UNION ALL (TABLE to_be_shipped EXCEPT ALL TABLE shipped)) AS d
  UNION ALL SELECT 'a movement has not one event', movement.id FROM stock_movements AS movement
    WHERE 1 <> (SELECT count(*) FROM events WHERE type = 'stock.moved' AND details->>'movement_id' = movement.id::text
      AND (details->>'quantity')::int = movement.quantity)
  UNION ALL SELECT 'a total is not the sum of the items', orders.id FROM orders
    WHERE total <> (SELECT sum(unit_price * quantity) FROM order_items WHERE order_id = orders.id)`;

describe('orders, moves, movements and expiries', () => {
  it('leave everything as the rules say, however they meet', async () => {
    const failures: unknown[] = [];
    await fc.assert(
      fc.asyncProperty(fc.array(action, { size: 'max', minLength: 60, maxLength: 200 }), async (actions) => {
        const products = [
          ...(await Promise.all([8, 10, 12].map((n) => stocked(manager.api, n, { price: n + 0.1 })))),
          await createProduct(manager.api),
        ].map(({ id }) => id);
        const orders: string[] = [];
        for (const [one, status] of PRELUDE) expect(await act(one, 0, products, orders)).toBe(status);
        const queue = actions.entries();
        const lane = async () => {
          for (const [n, one] of queue) {
            const status = await act(one, n, products, orders);
            if (status >= 500) failures.push([one, status]);
          }
        };
        await Promise.all(Array.from({ length: 12 }, lane));
        expect(await sql(BROKEN)).toEqual([]);
        await sql(`UPDATE orders SET expires_at = now() - interval '1 second'`);
        await Promise.all(instances.map(expireDue));
        expect(await sql(BROKEN)).toEqual([]);
      }),
      { numRuns: 15, endOnFailure: true },
    );
    expect(failures).toEqual([]);
  });
});
