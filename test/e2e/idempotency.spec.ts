import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiClient } from '../support/api-client.js';
import { aProduct, createProduct } from '../support/products.js';
import { PASSWORD, startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let manager: SignedIn;
let admin: SignedIn;
let productId: string;

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
  admin = await app.signIn('admin');
  productId = (await createProduct(manager.api)).id;
});
afterAll(() => app.close());

const keyed = (key: string = randomUUID()) => ({ 'idempotency-key': key });

async function countProducts(sku: string): Promise<number> {
  const [row] = await app.dataSource.query<{ n: number }[]>(
    'SELECT count(*)::int AS n FROM products WHERE sku = $1',
    [sku],
  );
  return row?.n ?? -1;
}

/** Every POST that creates, with a body for it. */
const CREATING: Record<string, () => { api: ApiClient; path: string; body: Record<string, unknown> }> = {
  product: () => ({ api: manager.api, path: '/v1/products', body: aProduct() }),
  'stock movement': () => ({
    api: manager.api,
    path: `/v1/products/${productId}/stock-movements`,
    body: { quantity: 3, reason: 'receipt' },
  }),
  'API key': () => ({
    api: manager.api,
    path: '/v1/api-keys',
    body: { name: 'CI', scopes: ['products:read'] },
  }),
  user: () => ({
    api: admin.api,
    path: '/v1/users',
    body: { email: `${randomUUID()}@example.com`, password: PASSWORD, full_name: 'Ann', role: 'manager' },
  }),
  account: () => ({
    api: app.anonymous,
    path: '/v1/auth/register',
    body: { email: `${randomUUID()}@example.com`, password: PASSWORD, full_name: 'Ann' },
  }),
};

describe.each(Object.entries(CREATING))('a repeated POST of a new %s', (_, request) => {
  it('gets the first answer again, byte for byte, and has no further effect', async () => {
    const { api, path, body } = request();
    const headers = keyed();
    const first = await api.post(path, body, headers);
    expect(first.status).toBe(201);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    for (let time = 0; time < 3; time += 1) {
      const again = await api.post(path, body, headers);
      expect(again.status).toBe(201);
      expect(again.text).toBe(first.text);
      expect(again.headers.get('idempotency-replayed')).toBe('true');
      for (const header of ['location', 'etag', 'content-type', 'cache-control', 'vary'])
        expect(again.headers.get(header), header).toBe(first.headers.get(header));
      expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
    }
  });

  it('with another body is refused, and changes nothing', async () => {
    const { api, path, body } = request();
    const headers = keyed();
    const first = await api.post(path, body, headers);
    const other = await api.post(path, { ...body, note: 'Something else' }, headers);
    expect(other.status).toBe(422);
    expect(other.body.code).toBe('idempotency_key_reused');
    expect((await api.post(path, body, headers)).text).toBe(first.text);
  });
});

describe('an Idempotency-Key', () => {
  it('is the same bare and in quotes, and a body the same however it is spaced', async () => {
    const body = aProduct();
    const first = await manager.api.post('/v1/products', body, keyed('"the-key"'));
    const again = await manager.api.post('/v1/products', JSON.stringify(body, null, 2), keyed('the-key'));
    expect(again.text).toBe(first.text);
    expect(await countProducts(body.sku)).toBe(1);
  });

  it('belongs to its caller and to its route', async () => {
    const other = await app.signIn('manager');
    const headers = keyed();
    const mine = await manager.api.post('/v1/products', aProduct(), headers);
    const theirs = await other.api.post('/v1/products', aProduct(), headers);
    const key = await manager.api.post('/v1/api-keys', { name: 'x', scopes: ['products:write'] }, headers);
    expect([mine.status, theirs.status, key.status]).toEqual([201, 201, 201]);
    expect(theirs.body.id).not.toBe(mine.body.id);
    const byKey = app.anonymous.with({ 'x-api-key': String(key.body['key']) });
    const withKey = await byKey.post('/v1/products', aProduct(), headers);
    expect([withKey.status, withKey.headers.get('idempotency-replayed')]).toEqual([201, null]);
  });

  it('keeps no refusal: corrected, the request can be sent again under it', async () => {
    const headers = keyed();
    const body = aProduct();
    expect((await manager.api.post('/v1/products', { ...body, price: -1 }, headers)).status).toBe(422);
    const taken = aProduct();
    await manager.api.post('/v1/products', taken);
    expect((await manager.api.post('/v1/products', { ...body, sku: taken.sku }, headers)).status).toBe(409);
    expect((await manager.api.post('/v1/products', body, headers)).status).toBe(201);
    expect(await countProducts(body.sku)).toBe(1);
  });

  it('is over before the next read: a movement that empties the shelf is seen on the product at once', async () => {
    const move = (quantity: number) =>
      manager.api.post(
        `/v1/products/${productId}/stock-movements`,
        { quantity, reason: 'adjustment' },
        keyed(),
      );
    const { body: stock } = await manager.api.get(`/v1/products/${productId}/stock`);
    for (const inStock of [false, true, false, true]) {
      expect((await manager.api.get(`/v1/products/${productId}`)).body['in_stock']).toBe(!inStock);
      const quantity = inStock ? Number(stock['on_hand']) : -Number(stock['on_hand']);
      expect((await move(quantity)).status).toBe(201);
      expect((await manager.api.get(`/v1/products/${productId}`)).body['in_stock']).toBe(inStock);
    }
  });

  it('is nothing to who may not do the thing, or not any more', async () => {
    const customer = await app.signIn('customer');
    expect((await customer.api.post('/v1/products', aProduct(), keyed())).status).toBe(403);
    const body = aProduct();
    const headers = keyed();
    const somebody = await app.signIn('manager');
    await somebody.api.post('/v1/products', body, headers);
    await admin.api.patch(`/v1/users/${somebody.id}`, { role: 'customer' });
    const status = async () => (await somebody.api.post('/v1/products', body, headers)).status;
    await expect.poll(status, { interval: 20 }).toBe(403);
  });

  it('is forgotten after 24 hours', async () => {
    const headers = keyed();
    const body = aProduct();
    const { body: first } = await manager.api.post('/v1/products', body, headers);
    const [kept] = await app.dataSource.query<{ hours: number }[]>(
      'SELECT extract(epoch FROM max(expires_at) - now()) / 3600 AS hours FROM idempotency_keys',
    );
    expect(Number(kept?.hours)).toBeCloseTo(24, 1);
    await app.dataSource.query(`UPDATE idempotency_keys SET expires_at = now()`);
    await manager.api.delete(`/v1/products/${first.id}`);
    const second = await manager.api.post('/v1/products', body, headers);
    expect([second.status, second.headers.get('idempotency-replayed')]).toEqual([201, null]);
    expect(second.body.id).not.toBe(first.id);
  });

  it('shows in the database neither the request nor the answer, which may hold a secret', async () => {
    const { body } = await manager.api.post(
      '/v1/api-keys',
      { name: 'x', scopes: ['products:read'] },
      keyed(),
    );
    const rows = await app.dataSource.query<object[]>('SELECT * FROM idempotency_keys');
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(String(body['key']));
    expect(JSON.stringify(rows)).not.toContain(manager.id);
  });

  it.each([
    ['nothing', ''],
    ['an empty string', '""'],
    ['half a string', '"x'],
    ['two words without quotes', 'a b'],
    ['256 characters long', 'k'.repeat(256)],
    ['10,000 characters long', 'k'.repeat(10_000)],
  ])('is not %s', async (_, key) => {
    const { status, body } = await manager.api.post('/v1/products', aProduct(), keyed(key));
    expect(status).toBe(422);
    expect(body.errors).toEqual([expect.objectContaining({ header: 'Idempotency-Key', code: 'format' })]);
  });

  it('means nothing where nothing is created', async () => {
    const headers = keyed('a b');
    expect((await manager.api.get('/v1/products', headers)).status).toBe(200);
    const { body } = await manager.api.post('/v1/products', aProduct());
    expect((await manager.api.patch(`/v1/products/${body.id}`, { price: 2 }, headers)).status).toBe(200);
  });
});
