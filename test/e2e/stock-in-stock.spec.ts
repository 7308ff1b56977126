import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Any, ApiResponse } from '../support/api-client.js';
import { aProduct, createProduct } from '../support/products.js';
import type { ProductBody } from '../support/products.js';
import { holdLock } from '../support/locks.js';
import { aMovement, move, movementsPath } from '../support/stock.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let manager: SignedIn;

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
});
afterAll(() => app.close());

const pathOf = (id: string) => `/v1/products/${id}`;

async function read(id: string) {
  const { body, headers } = await manager.api.get<ProductBody>(pathOf(id));
  return { product: body, etag: String(headers.get('etag')) };
}

/** A product whose stock is tracked, with so much of it. */
async function tracked(quantity: number) {
  const { id } = await createProduct(manager.api);
  await move(manager.api, id, quantity === 0 ? 1 : quantity);
  if (quantity === 0) await move(manager.api, id, -1);
  return { ...(await read(id)), id };
}

/** What a client may send back of what it has read. */
const writable = ({ sku, name, description, price, currency, in_stock }: ProductBody) => ({
  sku,
  name,
  description,
  price,
  currency,
  in_stock,
});

describe('in_stock', () => {
  it.each([
    [true, 5, true],
    [false, 5, true],
  ])('of %s becomes by a first movement of %d: %s', async (before, quantity, after) => {
    const { id } = await createProduct(manager.api, { in_stock: before });
    await move(manager.api, id, quantity);
    expect((await read(id)).product.in_stock).toBe(after);
  });

  it.each([true, false])('of %s stays after a refused first movement, and can be written', async (before) => {
    const { id } = await createProduct(manager.api, { in_stock: before });
    expect((await manager.api.post(movementsPath(id), aMovement({ quantity: -1 }))).status).toBe(409);
    expect((await read(id)).product.in_stock).toBe(before);
    expect((await manager.api.patch(pathOf(id), { in_stock: !before })).status).toBe(200);
  });

  it('is what is available, not what is on hand', async () => {
    const { id } = await tracked(5);
    await app.dataSource.query('UPDATE stock_levels SET reserved = 4 WHERE product_id = $1', [id]);
    await move(manager.api, id, -1);
    expect((await read(id)).product.in_stock).toBe(false);
    await move(manager.api, id, 1);
    expect((await read(id)).product.in_stock).toBe(true);
  });

  it('is found by the filter of the list at once', async () => {
    const { id, product } = await tracked(5);
    const skus = async (inStock: boolean) =>
      (await manager.api.get(`/v1/products?sku=${product.sku}&in_stock=${String(inStock)}`)).body.data.length;
    expect([await skus(true), await skus(false)]).toEqual([1, 0]);
    await move(manager.api, id, -5);
    expect([await skus(true), await skus(false)]).toEqual([0, 1]);
  });
});

describe('the ETag of a product', () => {
  it('stays, with all of the product, while in_stock does', async () => {
    const { id } = await createProduct(manager.api);
    const before = await read(id);
    for (const quantity of [5, 3, -7]) {
      await move(manager.api, id, quantity);
      expect(await read(id)).toEqual(before);
    }
    const known = { 'if-none-match': before.etag };
    expect((await manager.api.get(pathOf(id), known)).status).toBe(304);
    expect((await manager.api.patch(pathOf(id), { price: 3 }, { 'if-match': before.etag })).status).toBe(200);
  });

  it('changes with in_stock, each time, as updated_at does', async () => {
    const { id } = await createProduct(manager.api, { in_stock: false });
    let last = await read(id);
    const etags = [last.etag];
    for (const [quantity, inStock] of [
      [1, true],
      [-1, false],
      [2, true],
      [-2, false],
    ] as const) {
      await move(manager.api, id, quantity);
      const now = await read(id);
      expect(now.product).toEqual({ ...last.product, in_stock: inStock, updated_at: now.product.updated_at });
      expect(now.product.updated_at >= last.product.updated_at).toBe(true);
      expect((await manager.api.get(pathOf(id), { 'if-none-match': last.etag })).status).toBe(200);
      expect((await manager.api.patch(pathOf(id), { price: 3 }, { 'if-match': last.etag })).status).toBe(412);
      etags.push(now.etag);
      last = now;
    }
    expect(new Set(etags).size).toBe(5);
  });
});

describe.each([
  [5, true],
  [0, false],
])('a product with a tracked stock of %d', (quantity, current) => {
  it.each([true, false])('does not take in_stock of %s by PATCH', async (in_stock) => {
    const before = await tracked(quantity);
    const { status, body } = await manager.api.patch(pathOf(before.id), { in_stock, name: 'Other' });
    expect([status, body.code]).toEqual([409, 'conflict']);
    expect(body.detail).toContain('stock movements decide in_stock');
    expect({ ...(await read(before.id)), id: before.id }).toEqual(before);
  });

  it('takes everything else by PATCH', async () => {
    const { id } = await tracked(quantity);
    const { status, body } = await manager.api.patch(pathOf(id), { name: 'Other', price: 3 });
    expect([status, body.name, body.in_stock]).toEqual([200, 'Other', current]);
  });

  it('takes by PUT what was read', async () => {
    const { id, product, etag } = await tracked(quantity);
    const sent = { ...writable(product), name: 'Other' };
    const { status, body } = await manager.api.put(pathOf(id), sent, { 'if-match': etag });
    expect(status).toBe(200);
    expect(body).toEqual({ ...product, name: 'Other', updated_at: body.updated_at });
  });

  it('keeps in_stock where PUT leaves it out', async () => {
    const { id, product } = await tracked(quantity);
    const { status, body } = await manager.api.put(pathOf(id), { sku: product.sku, name: 'Bare', price: 1 });
    expect([status, body.name, body.in_stock]).toEqual([200, 'Bare', current]);
  });

  it('does not take the other in_stock by PUT', async () => {
    const before = await tracked(quantity);
    const sent = { ...writable(before.product), name: 'Other', in_stock: !current };
    const { status, body } = await manager.api.put(pathOf(before.id), sent);
    expect([status, body.code]).toEqual([409, 'conflict']);
    expect(body.detail).toContain('stock movements decide in_stock');
    expect({ ...(await read(before.id)), id: before.id }).toEqual(before);
  });

  it.each(['PATCH', 'PUT'])('answers %s with a stale ETag 412, with the right one 409', async (method) => {
    const { id, product, etag } = await tracked(quantity);
    const sent = method === 'PUT' ? aProduct({ in_stock: !current }) : { in_stock: !current };
    const write = (ifMatch: string) => manager.api.send(method, pathOf(id), sent, { 'if-match': ifMatch });
    expect((await write('"v99"')).body.code).toBe('precondition_failed');
    for (const ifMatch of [etag, `"v99", ${etag}`, '*'])
      expect((await write(ifMatch)).body.code).toBe('conflict');
    expect((await read(id)).product).toEqual(product);
  });

  it('is deleted like any other', async () => {
    const { id, etag } = await tracked(quantity);
    expect((await manager.api.delete(pathOf(id), { 'if-match': '"v99"' })).status).toBe(412);
    expect((await manager.api.delete(pathOf(id), { 'if-match': etag })).status).toBe(204);
  });
});

describe('a product that is about to be tracked', () => {
  /** Writes while what a first movement does to the product is not committed yet. */
  async function writeMeanwhile(id: string, write: () => Promise<ApiResponse<Any>>) {
    const track = 'UPDATE products SET stock_tracked = true WHERE id = $1';
    const lock = await holdLock(app.config.database.url, track, id);
    const writing = write();
    await lock.waiters(1);
    await lock.release();
    return writing;
  }

  it('does not take in_stock by PATCH any more', async () => {
    const { id } = await createProduct(manager.api);
    const patch = () => manager.api.patch(pathOf(id), { in_stock: false });
    const { status, body } = await writeMeanwhile(id, patch);
    expect([status, body.code]).toEqual([409, 'conflict']);
    expect((await read(id)).product.in_stock).toBe(true);
  });

  it.each([
    [{ in_stock: true }, 409],
    [{ in_stock: false }, 200],
    [{}, 200],
  ])('takes by PUT only what is so: %j gets %d', async (fields, expected) => {
    const { id } = await createProduct(manager.api, { in_stock: false });
    const put = () => manager.api.put(pathOf(id), aProduct(fields));
    expect((await writeMeanwhile(id, put)).status).toBe(expected);
    expect((await read(id)).product.in_stock).toBe(false);
  });
});
