import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aProduct, createProduct, newSku } from '../support/products.js';
import type { ProductBody } from '../support/products.js';
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

const NOBODY = '0198c0de-7a11-7b3c-9d4e-5f60718293a4';
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe('POST /v1/products', () => {
  it('creates a product with defaults for what is optional', async () => {
    const sku = newSku();
    const { status, body } = await manager.api.post('/v1/products', { sku, name: 'Thing', price: 12.5 });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(UUID_V7) as string,
      sku,
      name: 'Thing',
      description: null,
      price: 12.5,
      currency: 'USD',
      in_stock: true,
      created_at: expect.stringMatching(TIME) as string,
      updated_at: body.created_at,
    });
  });

  it('keeps every field that is sent', async () => {
    const sent = aProduct({
      name: 'Säge 😀',
      description: 'Zeile\n"2"',
      price: 0.01,
      currency: 'EUR',
      in_stock: false,
    });
    const { status, body } = await manager.api.post('/v1/products', sent);
    expect(status).toBe(201);
    expect(body).toMatchObject(sent);
    expect((await manager.api.get(`/v1/products/${body.id}`)).body).toEqual(body);
  });

  it('says where the product is and which version was made', async () => {
    const { body, headers } = await manager.api.post('/v1/products', aProduct());
    expect(headers.get('location')).toBe(`/v1/products/${body.id}`);
    const found = await manager.api.get(headers.get('location') ?? '');
    expect(found.body).toEqual(body);
    expect(found.headers.get('etag')).toBe(headers.get('etag'));
    expect(headers.get('etag')).toMatch(/^"[^"]+"$/);
  });

  it.each([
    ['sku', 'x'.repeat(64)],
    ['sku', 'a.B_c-9'],
    ['name', 'n'.repeat(200)],
    ['name', '😀'.repeat(200)],
    ['description', 'd'.repeat(5000)],
    ['description', '😀'.repeat(5000)],
    ['description', ''],
    ['price', 99_999_999.99],
  ])('takes the longest and shortest %s', async (field, value) => {
    const { status, body } = await manager.api.post('/v1/products', aProduct({ [field]: value }));
    expect(status).toBe(201);
    expect(body[field]).toBe(value);
  });

  it('refuses a sku that another product has', async () => {
    const { sku } = await createProduct(manager.api);
    const { status, body } = await manager.api.post('/v1/products', aProduct({ sku }));
    expect(status).toBe(409);
    expect(body.code).toBe('duplicate_sku');
  });

  it('takes skus that differ in case for different ones', async () => {
    const { sku } = await createProduct(manager.api);
    expect((await manager.api.post('/v1/products', aProduct({ sku: sku.toLowerCase() }))).status).toBe(201);
  });

  it('creates exactly one of twenty that come at once with the same sku', async () => {
    const sku = newSku();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        manager.api.post('/v1/products', aProduct({ sku, name: `N ${index}` })),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status !== 201);
    expect(new Set(refused.map(({ status, body }) => `${status} ${body.code}`))).toEqual(
      new Set(['409 duplicate_sku']),
    );
    expect((await manager.api.get(`/v1/products?sku=${sku}`)).body.data).toHaveLength(1);
  });

  it('creates nothing for a customer', async () => {
    const product = aProduct();
    const { status, body, headers } = await customer.api.post('/v1/products', product);
    expect(status).toBe(403);
    expect(body.code).toBe('insufficient_scope');
    expect(headers.get('www-authenticate')).toContain('scope="products:write"');
    expect((await customer.api.get(`/v1/products?sku=${product.sku}`)).body.data).toEqual([]);
  });
});

describe('GET /v1/products/{id}', () => {
  it('shows the product to a customer, whatever the case of the id', async () => {
    const product = await createProduct(manager.api);
    for (const id of [product.id, product.id.toUpperCase()]) {
      const { status, body } = await customer.api.get<ProductBody>(`/v1/products/${id}`);
      expect(status).toBe(200);
      expect(body).toEqual(product);
    }
  });

  it.each([NOBODY, 'nonsense', '1', `${NOBODY}0`, '%00', `${NOBODY}%20`, '..%2f..', "'--", 'null'])(
    'knows no product %s',
    async (id) => {
      for (const method of ['GET', 'DELETE'] as const) {
        const { status, body } = await manager.api.send(method, `/v1/products/${id}`);
        expect(status).toBe(404);
        expect(body.code).toBe('not_found');
      }
    },
  );
});

describe('DELETE /v1/products/{id}', () => {
  it('takes the product away from everybody', async () => {
    const { id, sku } = await createProduct(manager.api);
    const { status, text } = await manager.api.delete(`/v1/products/${id}`);
    expect(status).toBe(204);
    expect(text).toBe('');
    for (const { api } of [manager, customer, await app.signIn('admin')]) {
      expect((await api.get(`/v1/products/${id}`)).status).toBe(404);
      expect((await api.get(`/v1/products?sku=${sku}`)).body.data).toEqual([]);
    }
  });

  it('leaves nothing that could be changed or deleted again', async () => {
    const { id } = await createProduct(manager.api);
    await manager.api.delete(`/v1/products/${id}`);
    expect((await manager.api.delete(`/v1/products/${id}`)).status).toBe(404);
    expect((await manager.api.patch(`/v1/products/${id}`, { name: 'Ghost' })).status).toBe(404);
    expect((await manager.api.patch(`/v1/products/${id}`, {})).status).toBe(404);
    expect((await manager.api.put(`/v1/products/${id}`, aProduct())).status).toBe(404);
  });

  it('makes the sku free again, as often as needed, and keeps the rows', async () => {
    const sku = newSku();
    for (let round = 0; round < 3; round += 1) {
      const { id } = await createProduct(manager.api, { sku });
      expect((await manager.api.delete(`/v1/products/${id}`)).status).toBe(204);
    }
    const rows = await app.dataSource.query<{ deleted_at: Date | null }[]>(
      'SELECT deleted_at FROM products WHERE sku = $1',
      [sku],
    );
    expect(rows).toHaveLength(3);
    expect(rows.every(({ deleted_at }) => deleted_at !== null)).toBe(true);
  });

  it('deletes once of ten that come at once', async () => {
    const { id } = await createProduct(manager.api);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => manager.api.delete(`/v1/products/${id}`)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([204, ...Array<number>(9).fill(404)]);
  });

  it('takes no notice of a content type without a body', async () => {
    const { id } = await createProduct(manager.api);
    const { status } = await manager.api.delete(`/v1/products/${id}`, { 'content-type': 'application/json' });
    expect(status).toBe(204);
  });
});
