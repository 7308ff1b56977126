import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StockService } from '../../src/inventory/stock/stock.service.js';
import type { StockDifference } from '../../src/inventory/stock/stock.service.js';
import { holdLock } from '../support/locks.js';
import { createProduct } from '../support/products.js';
import type { ProductBody } from '../support/products.js';
import { move, stockOf } from '../support/stock.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let manager: SignedIn;

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
});
afterAll(() => app.close());

const sql = <Row>(text: string, values: unknown[] = []) => app.dataSource.query<Row[]>(text, values);

function reconcile(options?: { fix: boolean }): Promise<StockDifference[]> {
  return Array.fromAsync(app.app.get(StockService).reconcile(options));
}

async function aStock(quantity: number): Promise<ProductBody> {
  const product = await createProduct(manager.api);
  await move(manager.api, product.id, quantity);
  return product;
}

/** What only somebody with access to the database can do. */
const tamper = (productId: string, onHand: number, reserved = 0) =>
  sql('UPDATE stock_levels SET on_hand = $2, reserved = $3 WHERE product_id = $1', [
    productId,
    onHand,
    reserved,
  ]);

const differenceOf = ({ id, sku }: ProductBody, onHand: number, sumOfMovements: number, fixed: boolean) => ({
  productId: id,
  sku,
  onHand,
  sumOfMovements,
  fixed,
});

describe('StockService.reconcile', () => {
  it('finds nothing where nothing is wrong, or nothing is tracked', async () => {
    await createProduct(manager.api);
    await move(manager.api, (await aStock(5)).id, -5);
    expect(await reconcile()).toEqual([]);
    expect(await reconcile({ fix: true })).toEqual([]);
  });

  it('tells of each difference, and changes nothing unless asked to', async () => {
    const [more, less] = [await aStock(10), await aStock(20)];
    await tamper(more.id, 12);
    await tamper(less.id, 1);
    const found = [differenceOf(more, 12, 10, false), differenceOf(less, 1, 20, false)];
    expect(await reconcile()).toEqual(found);
    expect(await reconcile({ fix: false })).toEqual(found);
    expect(await stockOf(manager.api, more.id)).toMatchObject({ on_hand: 12 });
    expect(await reconcile({ fix: true })).toEqual(
      found.map((difference) => ({ ...difference, fixed: true })),
    );
    expect(await stockOf(manager.api, more.id)).toMatchObject({ on_hand: 10, available: 10 });
    expect(await stockOf(manager.api, less.id)).toMatchObject({ on_hand: 20 });
    expect(await reconcile()).toEqual([]);
  });

  it('puts in_stock right as well, with the ETags, and records what it did', async () => {
    const product = await aStock(10);
    await move(manager.api, product.id, -10);
    await sql('UPDATE products SET in_stock = true WHERE id = $1', [product.id]);
    await tamper(product.id, 3);
    const path = `/v1/products/${product.id}`;
    const etags = async () =>
      [await manager.api.get(path), await manager.api.get(`${path}/stock`)].map(({ headers }) =>
        headers.get('etag'),
      );
    const [ofProduct, ofStock] = await etags();
    expect(await reconcile({ fix: true })).toEqual([differenceOf(product, 3, 0, true)]);
    expect((await manager.api.get(path)).body.in_stock).toBe(false);
    expect(await etags()).not.toContain(ofProduct);
    expect(await etags()).not.toContain(ofStock);
    const events = await sql(
      `SELECT type, actor_type, changes FROM events WHERE resource_id = $1 ORDER BY position DESC LIMIT 1`,
      [product.id],
    );
    expect(events).toEqual([{ type: 'stock.corrected', actor_type: 'system', changes: { on_hand: [3, 0] } }]);
  });

  it('leaves a level that its movements do not make possible, and says so', async () => {
    const product = await aStock(5);
    await tamper(product.id, 9, 8);
    expect(await reconcile({ fix: true })).toEqual([differenceOf(product, 9, 5, false)]);
    expect(await stockOf(manager.api, product.id)).toMatchObject({ on_hand: 9, reserved: 8 });
    await tamper(product.id, 5);
  });

  it('looks at deleted products too', async () => {
    const product = await aStock(5);
    await manager.api.delete(`/v1/products/${product.id}`);
    await tamper(product.id, 6);
    expect(await reconcile({ fix: true })).toEqual([differenceOf(product, 6, 5, true)]);
    expect(await reconcile()).toEqual([]);
  });

  it('counts a movement that comes between finding and fixing', async () => {
    const product = await aStock(5);
    await tamper(product.id, 7);
    const lock = await holdLock(
      app.config.database.url,
      'SELECT 1 FROM stock_levels WHERE product_id = $1 FOR UPDATE',
      product.id,
    );
    const moving = move(manager.api, product.id, 100);
    await lock.waiters(1);
    const reconciling = reconcile({ fix: true });
    await lock.waiters(2);
    await lock.release();
    await moving;
    expect(await reconciling).toEqual([differenceOf(product, 7, 5, true)]);
    expect(await stockOf(manager.api, product.id)).toMatchObject({ on_hand: 105 });
    expect(await reconcile()).toEqual([]);
  });

  it('goes through all levels, however many, and only as far as it is asked', async () => {
    await sql(
      `WITH product AS (
         INSERT INTO products (version, id, sku, name, price)
         SELECT 1, gen_random_uuid(), 'MANY-' || n, 'n', 1 FROM generate_series(1, 1200) AS n RETURNING id
       ) INSERT INTO stock_levels (product_id, on_hand, reserved, version) SELECT id, 1, 0, 1 FROM product`,
    );
    const found = await reconcile();
    expect(found).toHaveLength(1200);
    expect(new Set(found.map(({ productId }) => productId)).size).toBe(1200);
    let fixed = 0;
    for await (const difference of app.app.get(StockService).reconcile({ fix: true })) {
      expect(difference.fixed).toBe(true);
      fixed += 1;
      if (fixed === 10) break;
    }
    expect(await reconcile()).toHaveLength(1190);
  });
});
