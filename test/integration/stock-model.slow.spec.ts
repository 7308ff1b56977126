import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StockService } from '../../src/inventory/stock/stock.service.js';
import { createProduct } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

/** Two instances of the service, on one database, with ten connections each. */
let app: TestApp;
let other: TestApp;
let manager: SignedIn;

beforeAll(async () => {
  app = await startTestApp();
  other = await startTestApp({}, { databaseUrl: app.config.database.url });
  manager = await app.signIn('manager');
});
afterAll(async () => {
  await other.close();
  await app.close();
});

const quantity = fc.integer({ min: -9, max: 9 }).filter((n) => n !== 0);

/** Whether the movement was carried out, rather than refused as too much. */
async function attempt(n: number, productId: string, moved: number): Promise<boolean> {
  const service = (n % 2 === 0 ? app : other).app.get(StockService);
  try {
    await service.move(productId, { quantity: moved, reason: 'adjustment' }, null);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'insufficient_stock' });
    return false;
  }
}

interface State {
  on_hand: number | null;
  sum: number;
  in_stock: boolean;
  version: number;
}

/** What a movement does, by the contract. */
function step(model: State, moved: number): void {
  model.sum += moved;
  model.on_hand = model.sum;
  if (model.in_stock !== model.sum > 0) model.version += 1;
  model.in_stock = model.sum > 0;
}

async function stateOf(productId: string): Promise<State> {
  const [state] = await app.dataSource.query<[State]>(
    `SELECT level.on_hand, in_stock, product.version,
       (SELECT coalesce(sum(quantity), 0)::int FROM stock_movements WHERE product_id = $1) AS sum
     FROM products AS product LEFT JOIN stock_levels AS level ON product_id = product.id WHERE product.id = $1`,
    [productId],
  );
  return state;
}

describe('random movements', () => {
  it('one after the other do what a simple sum does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(quantity, { maxLength: 25 }), fc.boolean(), async (moves, inStock) => {
        const { id } = await createProduct(manager.api, { in_stock: inStock });
        const model: State = { on_hand: null, sum: 0, in_stock: inStock, version: 1 };
        for (const [n, moved] of moves.entries()) {
          const fits = model.sum + moved >= 0;
          expect(await attempt(n, id, moved)).toBe(fits);
          if (fits) step(model, moved);
          expect(await stateOf(id)).toEqual(model);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('at the same time do what they would one after the other', async () => {
    const movement = fc.record({ product: fc.nat(2), moved: quantity });
    await fc.assert(
      fc.asyncProperty(fc.array(movement, { minLength: 10, maxLength: 60 }), async (movements) => {
        const products = await Promise.all([0, 1, 2].map(() => createProduct(manager.api)));
        const idOf = (n: number) => products[n]?.id ?? '';
        const done = await Promise.all(
          movements.map(({ product, moved }, n) => attempt(n, idOf(product), moved)),
        );
        for (const n of products.keys()) {
          const moved = movements.filter(({ product }, at) => product === n && done[at]);
          await expectSerial(
            idOf(n),
            moved.map((one) => one.moved),
          );
        }
      }),
      { numRuns: 15 },
    );
  });
});

/** The events tell an order in which these movements, one after the other, lead to what there is. */
async function expectSerial(productId: string, moved: number[]): Promise<void> {
  const events = await app.dataSource.query<{ quantity: number; on_hand: number }[]>(
    `SELECT (details->>'quantity')::int AS quantity, (details->>'on_hand')::int AS on_hand
     FROM events WHERE type = 'stock.moved' AND resource_id = $1 ORDER BY position`,
    [productId],
  );
  const byNumber = (a: number, b: number) => a - b;
  expect(events.map(({ quantity: n }) => n).sort(byNumber)).toEqual(moved.toSorted(byNumber));
  const model: State = { on_hand: null, sum: 0, in_stock: true, version: 1 };
  for (const event of events) {
    step(model, event.quantity);
    expect(event.on_hand).toBe(model.sum);
    expect(model.sum).toBeGreaterThanOrEqual(0);
  }
  expect(await stateOf(productId)).toEqual(model);
}
