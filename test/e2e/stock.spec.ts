import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey } from '../support/api-keys.js';
import { createProduct } from '../support/products.js';
import { aMovement, move, movementsPath, stockOf, stockPath, UNTRACKED } from '../support/stock.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let manager: SignedIn;
let customer: SignedIn;

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
  customer = await app.signIn('customer');
});
afterAll(() => app.close());

/** As orders do. */
const reserve = (productId: string, quantity: number) =>
  app.dataSource.query(
    'UPDATE stock_levels SET reserved = reserved + $2, version = version + 1 WHERE product_id = $1',
    [productId, quantity],
  );

describe('GET /v1/products/{id}/stock', () => {
  it('has no numbers before the first movement, and from then on these', async () => {
    const { id } = await createProduct(manager.api);
    expect(await stockOf(manager.api, id)).toEqual(UNTRACKED);
    await move(manager.api, id, 40);
    const first = { tracked: true, on_hand: 40, reserved: 0, available: 40 };
    expect(await stockOf(manager.api, id)).toEqual(first);
    await move(manager.api, id, -15, { reason: 'loss' });
    expect(await stockOf(customer.api, id)).toEqual({ ...first, on_hand: 25, available: 25 });
    await reserve(id, 4);
    const { body } = await manager.api.get(stockPath(id));
    expect(body).toEqual({ tracked: true, on_hand: 25, reserved: 4, available: 21 });
    expect(Object.keys(body)).toEqual(['tracked', 'on_hand', 'reserved', 'available']);
  });

  it('is still tracked when everything is gone', async () => {
    const { id } = await createProduct(manager.api);
    await move(manager.api, id, 3);
    await move(manager.api, id, -3, { reason: 'adjustment' });
    expect(await stockOf(manager.api, id)).toEqual({ tracked: true, on_hand: 0, reserved: 0, available: 0 });
  });

  it('has an ETag of its own, which changes with each movement and reservation, and revalidates', async () => {
    const { id } = await createProduct(manager.api);
    const etags: string[] = [];
    const changes = [() => move(manager.api, id, 2), () => move(manager.api, id, -1), () => reserve(id, 1)];
    for (const change of [() => undefined, ...changes]) {
      await change();
      const { headers } = await manager.api.get(stockPath(id));
      const etag = String(headers.get('etag'));
      expect(etag).toMatch(/^"[^"]+"$/);
      expect(headers.get('cache-control')).toBe('private, no-cache');
      for (const method of ['GET', 'HEAD']) {
        const again = await manager.api.send(method, stockPath(id), undefined, { 'if-none-match': etag });
        expect([again.status, again.text]).toEqual([304, '']);
      }
      for (const old of etags)
        expect((await manager.api.get(stockPath(id), { 'if-none-match': old })).status).toBe(200);
      etags.push(etag);
    }
    expect(new Set(etags).size).toBe(4);
  });

  it('stays the same after a refused movement', async () => {
    const { id } = await createProduct(manager.api);
    await move(manager.api, id, 2);
    const { headers } = await manager.api.get(stockPath(id));
    expect((await manager.api.post(movementsPath(id), aMovement({ quantity: -3 }))).status).toBe(409);
    const known = { 'if-none-match': String(headers.get('etag')) };
    expect((await manager.api.get(stockPath(id), known)).status).toBe(304);
  });

  it('takes no query', async () => {
    const { id } = await createProduct(manager.api);
    const { status, body } = await manager.api.get(`${stockPath(id)}?limit=1`);
    expect([status, body.errors]).toMatchObject([422, [{ parameter: 'limit', code: 'unknown_field' }]]);
  });
});

describe('stock is found', () => {
  const answers = async (id: string) => [
    await manager.api.get(stockPath(id)),
    await manager.api.get(movementsPath(id)),
    await manager.api.post(movementsPath(id), aMovement()),
    await manager.api.get(`${movementsPath(id)}/${randomUUID()}`),
  ];

  it.each([
    ['an unknown product', () => randomUUID()],
    ['an id that is none', () => 'nonsense'],
    ['half an id', () => randomUUID().slice(1)],
  ])('nowhere for %s', async (_, id) => {
    for (const { status, body } of await answers(id()))
      expect([status, body.code]).toEqual([404, 'not_found']);
  });

  it('nowhere any more for a deleted product, but its rows stay', async () => {
    const { id } = await createProduct(manager.api);
    const movement = await move(manager.api, id, 7);
    await manager.api.delete(`/v1/products/${id}`);
    for (const { status } of await answers(id)) expect(status).toBe(404);
    expect((await manager.api.get(`${movementsPath(id)}/${movement.id}`)).status).toBe(404);
    const rows = await app.dataSource.query<unknown[]>(
      `SELECT on_hand, (SELECT count(*)::int FROM stock_movements m WHERE m.product_id = l.product_id) AS movements
       FROM stock_levels l WHERE product_id = $1`,
      [id],
    );
    expect(rows).toEqual([{ on_hand: 7, movements: 1 }]);
  });

  it('nowhere below another product', async () => {
    const [product, other] = [await createProduct(manager.api), await createProduct(manager.api)];
    const { id } = await move(manager.api, product.id, 1);
    expect((await manager.api.get(`${movementsPath(product.id)}/${id}`)).status).toBe(200);
    expect((await manager.api.get(`${movementsPath(other.id)}/${id}`)).status).toBe(404);
    expect((await manager.api.get(`${movementsPath(product.id)}/nonsense`)).status).toBe(404);
  });

  it('also by an id in capitals', async () => {
    const { id } = await createProduct(manager.api);
    await move(manager.api, id.toUpperCase(), 5);
    expect(await stockOf(manager.api, id.toUpperCase())).toMatchObject({ on_hand: 5 });
  });
});

describe('access', () => {
  it('is for products:read to look, and for products:write to move', async () => {
    const { id } = await createProduct(manager.api);
    const withScopes = async (...scopes: string[]) =>
      app.anonymous.with({ 'x-api-key': (await createKey(manager.api, { scopes })).key });
    const cases = [
      [app.anonymous, 401, 401],
      [customer.api, 200, 403],
      [manager.api, 200, 201],
      [await withScopes('products:read'), 200, 403],
      [await withScopes('products:write'), 403, 201],
      [await withScopes('orders:admin'), 403, 403],
    ] as const;
    for (const [api, reads, writes] of cases) {
      expect((await api.get(stockPath(id))).status).toBe(reads);
      expect((await api.get(movementsPath(id))).status).toBe(reads);
      expect((await api.post(movementsPath(id), aMovement())).status).toBe(writes);
    }
    expect(await stockOf(manager.api, id)).toMatchObject({ on_hand: 10 });
  });
});
