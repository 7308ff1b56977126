import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProduct } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let admin: SignedIn;
let product: { id: string };

beforeAll(async () => {
  app = await startTestApp();
  admin = await app.signIn('admin');
  product = await createProduct(admin.api);
});
afterAll(() => app.close());

describe('a query parameter', () => {
  it.each([
    ['q=', 'q', 'length'],
    [`q=${'x'.repeat(201)}`, 'q', 'length'],
    ['q=a&q=b', 'q', 'type'],
    ['q=%00', 'q', 'text'],
    ['sku=a%20b', 'sku', 'pattern'],
    ['sku=', 'sku', 'pattern'],
    ['sku=a&sku=b', 'sku', 'type'],
    ['in_stock=1', 'in_stock', 'type'],
    ['in_stock=', 'in_stock', 'type'],
    ['in_stock=TRUE', 'in_stock', 'type'],
    ['in_stock', 'in_stock', 'type'],
    ['in_stock=true&in_stock=true', 'in_stock', 'type'],
    ['currency=usd', 'currency', 'currency'],
    ['min_price=abc', 'min_price', 'type'],
    ['min_price=-1', 'min_price', 'type'],
    ['min_price=1e3', 'min_price', 'type'],
    ['min_price=NaN', 'min_price', 'type'],
    ['min_price=1.001', 'min_price', 'decimals'],
    ['max_price=100000000', 'max_price', 'max'],
    ['max_price=', 'max_price', 'type'],
    ['max_price=1&max_price=2', 'max_price', 'type'],
    ['created_after=yesterday', 'created_after', 'timestamp'],
    ['created_after=2026-02-30T00:00:00Z', 'created_after', 'timestamp'],
    ['created_after=2026-03-01', 'created_after', 'timestamp'],
    ['created_after=2026-03-01T00:00:00', 'created_after', 'timestamp'],
    ['created_after=2026-03-01T00:00:00+01:00', 'created_after', 'timestamp'],
    ['created_after=0001-01-01T00:00:00%2B14:00', 'created_after', 'timestamp'],
    ['created_before=9999-12-31T23:59:59-14:00', 'created_before', 'timestamp'],
    ['created_before=1772357400', 'created_before', 'timestamp'],
    ['created_before=a&created_before=b', 'created_before', 'timestamp'],
    ['sort=sku', 'sort', 'enum'],
    ['sort=', 'sort', 'enum'],
    ['sort=--price', 'sort', 'enum'],
    ['sort=price,name', 'sort', 'enum'],
    ['sort=price;DROP', 'sort', 'enum'],
    ['sort=constructor', 'sort', 'enum'],
    ['sort=price&sort=name', 'sort', 'enum'],
    ['cursor=a&cursor=b', 'cursor', 'type'],
    ['foo=1', 'foo', 'unknown_field'],
    ['Limit=1', 'Limit', 'unknown_field'],
    ['limit[]=1', 'limit[]', 'unknown_field'],
    ['limit%5Bgt%5D=1', 'limit[gt]', 'unknown_field'],
    ['__proto__=1', '__proto__', 'unknown_field'],
    ['__proto__[x]=1', '__proto__[x]', 'unknown_field'],
    ['constructor=1', 'constructor', 'unknown_field'],
    ['toString=1', 'toString', 'unknown_field'],
    ['%00=1', '\0', 'unknown_field'],
    ['=1', '', 'unknown_field'],
  ])('of ?%s is refused: %s, %s', async (query, parameter, code) => {
    const { status, body } = await admin.api.get(`/v1/products?${query}`);
    expect([status, body.code]).toEqual([422, 'validation_failed']);
    expect(body.errors).toMatchObject([{ parameter, code }]);
  });

  it.each([
    ['GET', (id: string) => `/v1/products/${id}`],
    ['PATCH', (id: string) => `/v1/products/${id}`],
    ['DELETE', (id: string) => `/v1/products/${id}`],
    ['POST', () => '/v1/products'],
    ['GET', () => '/v1/users/me'],
    ['GET', () => '/health/live'],
  ])('is refused where %s takes none (%#)', async (method, path) => {
    const body = method === 'POST' || method === 'PATCH' ? { name: 'x' } : undefined;
    const answer = await admin.api.send(method, `${path(product.id)}?dry_run=true&dry_run=1&x`, body);
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toEqual([
      { parameter: 'dry_run', code: 'unknown_field', message: 'dry_run is unknown' },
      { parameter: 'x', code: 'unknown_field', message: 'x is unknown' },
    ]);
    expect((await admin.api.get(`/v1/products/${product.id}`)).body).toEqual(product);
  });

  it('is not looked at before the caller was let in', async () => {
    expect((await app.anonymous.get('/v1/products?foo=1')).status).toBe(401);
    expect((await app.anonymous.get(`/v1/products/${product.id}?foo=1`)).status).toBe(401);
  });

  it('may be one of two thousand, and the answer stays short', async () => {
    const query = Array.from({ length: 2000 }, (_, index) => `a${index}`).join('&');
    const { status, text, body } = await admin.api.get(`/v1/products?${query}`);
    expect(status).toBe(422);
    expect(body.errors).toHaveLength(20);
    expect(text.length).toBeLessThan(5000);
  });

  it.each(['?', '?&', '?&&'])('is none in %s', async (query) => {
    expect((await admin.api.get(`/v1/products/${product.id}${query}`)).status).toBe(200);
  });
});
