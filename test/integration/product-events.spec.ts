import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProductsService } from '../../src/inventory/products/products.service.js';
import { newSku } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

let app: TestApp;
let products: ProductsService;

beforeAll(async () => {
  app = await startTestApp();
  products = app.app.get(ProductsService);
});
afterAll(() => app.close());

const create = (fields = {}) =>
  products.createProduct({ sku: newSku(), name: 'Claw hammer', price: 24.9, ...fields });

/** Everything that happened to a product but its making, oldest first. */
async function eventsOf(id: string) {
  const events = await app.dataSource.query<{ type: string; changes: unknown; details: unknown }[]>(
    'SELECT type, changes, details FROM events WHERE resource_id = $1 ORDER BY position',
    [id],
  );
  return events.slice(1);
}

describe('the events of a product', () => {
  it('tell what it was made as', async () => {
    const { id, sku } = await create({ description: 'Of ash.', currency: 'EUR' });
    const events: unknown = await app.dataSource.query(
      'SELECT type, changes, details FROM events WHERE resource_id = $1',
      [id],
    );
    const details = { sku, name: 'Claw hammer', price: 24.9, currency: 'EUR' };
    expect(events).toEqual([{ type: 'product.created', changes: null, details }]);
  });

  it('tell what changed, before and after, and nothing else', async () => {
    const { id, sku } = await create({ description: 'Of ash.' });
    await products.updateProduct(id, { price: 22.5, name: 'Claw hammer' }, 'any');
    await products.replaceProduct(id, { sku, name: 'Hammer', price: 22.5, in_stock: false }, 'any');
    await products.deleteProduct(id, 'any');
    expect(await eventsOf(id)).toEqual([
      { type: 'product.updated', changes: { price: [24.9, 22.5] }, details: null },
      {
        type: 'product.updated',
        changes: { name: ['Claw hammer', 'Hammer'], description: ['Of ash.', null], in_stock: [true, false] },
        details: null,
      },
      { type: 'product.deleted', changes: null, details: null },
    ]);
  });

  it('do not tell of what did not happen', async () => {
    const { id, sku } = await create();
    const taken = await create();
    await products.updateProduct(id, {}, 'any');
    await products.updateProduct(id, { sku, price: 24.9 }, 'any');
    await expect(products.updateProduct(id, { price: 1 }, [99])).rejects.toMatchObject({
      code: 'precondition_failed',
    });
    await expect(products.updateProduct(id, { sku: taken.sku }, 'any')).rejects.toThrow('products_sku_key');
    await expect(products.deleteProduct(id, [99])).rejects.toMatchObject({ code: 'precondition_failed' });
    expect(await eventsOf(id)).toEqual([]);
  });

  it('are a chain, whoever writes at the same time: each begins where the one before ended', async () => {
    const { id } = await create({ price: 1 });
    await Promise.all(
      Array.from({ length: 40 }, (_, index) => products.updateProduct(id, { price: index + 2 }, 'any')),
    );
    const chain = (await eventsOf(id)).map(({ changes }) => (changes as { price: [number, number] }).price);
    expect(chain).toHaveLength(40);
    expect(chain[0]?.[0]).toBe(1);
    expect(chain.slice(1).map(([before]) => before)).toEqual(chain.slice(0, -1).map(([, after]) => after));
    expect(chain.at(-1)?.[1]).toBe(Number((await products.getProduct(id)).price));
  });
});
