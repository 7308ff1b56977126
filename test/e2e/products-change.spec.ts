import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aProduct, createProduct, newSku } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let manager: SignedIn;

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
});
afterAll(() => app.close());

const NOBODY = '/v1/products/0198c0de-7a11-7b3c-9d4e-5f60718293a4';
const FULL = { description: 'Of ash.', price: 99.99, currency: 'EUR', in_stock: false };
const pathOf = ({ id }: { id: string }) => `/v1/products/${id}`;

describe('PUT /v1/products/{id}', () => {
  it('replaces every field', async () => {
    const product = await createProduct(manager.api);
    const sent = aProduct({ name: 'Other', ...FULL });
    const { status, body } = await manager.api.put(pathOf(product), sent);
    expect(status).toBe(200);
    expect(body).toEqual({ ...product, ...sent, updated_at: body.updated_at });
    expect((await manager.api.get(pathOf(product))).body).toEqual(body);
  });

  it('gives what is not sent its default again', async () => {
    const product = await createProduct(manager.api, FULL);
    const { body } = await manager.api.put(pathOf(product), { sku: product.sku, name: 'Bare', price: 1 });
    expect(body).toMatchObject({
      name: 'Bare',
      price: 1,
      description: null,
      currency: 'USD',
      in_stock: true,
    });
  });

  it.each(['sku', 'name', 'price'])('refuses to do without %s, and changes nothing', async (field) => {
    const product = await createProduct(manager.api, FULL);
    const { status, body } = await manager.api.put(pathOf(product), aProduct({ [field]: undefined }));
    expect(status).toBe(422);
    expect(body.errors).toMatchObject([{ pointer: `/${field}`, code: 'required' }]);
    expect((await manager.api.get(pathOf(product))).body).toEqual(product);
  });

  it('refuses the sku of another product, and changes nothing', async () => {
    const [product, other] = [await createProduct(manager.api), await createProduct(manager.api)];
    const { status, body } = await manager.api.put(
      pathOf(product),
      aProduct({ sku: other.sku, name: 'Thief' }),
    );
    expect([status, body.code]).toEqual([409, 'duplicate_sku']);
    expect((await manager.api.get(pathOf(product))).body).toEqual(product);
  });

  it('makes no product where there is none', async () => {
    const product = aProduct();
    expect((await manager.api.put(NOBODY, product)).status).toBe(404);
    expect((await manager.api.get(`/v1/products?sku=${product.sku}`)).body.data).toEqual([]);
  });

  it('is a replacement, not a patch: a merge patch is refused', async () => {
    const product = await createProduct(manager.api);
    const { status } = await manager.api.put(pathOf(product), aProduct(), {
      'content-type': 'application/merge-patch+json',
    });
    expect(status).toBe(415);
  });
});

describe('PATCH /v1/products/{id}', () => {
  it.each([
    ['sku', 'PATCHED-1'],
    ['name', 'Sledgehammer'],
    ['description', 'New words.'],
    ['description', ''],
    ['description', null],
    ['price', 0.07],
    ['currency', 'CHF'],
    ['in_stock', true],
  ])('changes %s to %j and leaves the rest', async (field, value) => {
    const product = await createProduct(manager.api, FULL);
    const { status, body } = await manager.api.patch(pathOf(product), { [field]: value });
    expect(status).toBe(200);
    expect(body).toEqual({ ...product, [field]: value, updated_at: body.updated_at });
    expect((await manager.api.get(pathOf(product))).body).toEqual(body);
  });

  it.each(['sku', 'name', 'price', 'currency', 'in_stock'])(
    'refuses to clear %s, and changes nothing',
    async (field) => {
      const product = await createProduct(manager.api, FULL);
      const { status, body } = await manager.api.patch(pathOf(product), { [field]: null, description: 'x' });
      expect(status).toBe(422);
      expect(body.errors).toMatchObject([{ pointer: `/${field}` }]);
      expect((await manager.api.get(pathOf(product))).body).toEqual(product);
    },
  );

  it('takes the media type of merge patches, with and without a charset', async () => {
    const product = await createProduct(manager.api);
    for (const type of ['application/merge-patch+json', 'application/merge-patch+json; charset=utf-8']) {
      const { status, body } = await manager.api.patch(
        pathOf(product),
        { name: type },
        { 'content-type': type },
      );
      expect(status).toBe(200);
      expect(body.name).toBe(type);
    }
  });

  it('refuses other patches', async () => {
    const product = await createProduct(manager.api);
    const type = { 'content-type': 'application/json-patch+json' };
    expect((await manager.api.patch(pathOf(product), [{ op: 'remove', path: '/name' }], type)).status).toBe(
      415,
    );
    expect((await manager.api.patch(pathOf(product), [{ op: 'remove', path: '/name' }])).status).toBe(422);
  });

  it('changes nothing with an empty patch, not even the version', async () => {
    const product = await createProduct(manager.api);
    const { status, body, headers } = await manager.api.patch(pathOf(product), {});
    expect(status).toBe(200);
    expect(body).toEqual(product);
    expect((await manager.api.get(pathOf(product))).headers.get('etag')).toBe(headers.get('etag'));
  });

  it('gives every change another ETag, and moves updated_at only', async () => {
    const product = await createProduct(manager.api);
    const first = await manager.api.patch(pathOf(product), { price: 1 });
    const second = await manager.api.patch(pathOf(product), { price: 2 });
    expect(first.headers.get('etag')).not.toBe(second.headers.get('etag'));
    expect(second.body.created_at).toBe(product.created_at);
    expect(String(second.body.updated_at) >= product.updated_at).toBe(true);
  });

  it.each(['id', 'created_at', 'updated_at', 'version', 'deleted_at', 'search', 'inStock'])(
    'does not know %s as a field that may be written',
    async (field) => {
      const product = await createProduct(manager.api);
      const { status, body } = await manager.api.patch(pathOf(product), { [field]: product.id });
      expect(status).toBe(422);
      expect(body.errors).toMatchObject([{ pointer: `/${field}`, code: 'unknown_field' }]);
      expect((await manager.api.get(pathOf(product))).body).toEqual(product);
    },
  );

  it('keeps an own sku and refuses that of another product', async () => {
    const [product, other] = [await createProduct(manager.api), await createProduct(manager.api)];
    expect((await manager.api.patch(pathOf(product), { sku: product.sku })).status).toBe(200);
    const { status, body } = await manager.api.patch(pathOf(product), { sku: other.sku });
    expect([status, body.code]).toEqual([409, 'duplicate_sku']);
  });

  it('gives a sku to one of ten products that want it at once', async () => {
    const sku = newSku();
    const products = await Promise.all(Array.from({ length: 10 }, () => createProduct(manager.api)));
    const answers = await Promise.all(products.map((product) => manager.api.patch(pathOf(product), { sku })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(409)]);
  });

  it('knows no product that does not exist', async () => {
    expect((await manager.api.patch(NOBODY, { name: 'x' })).status).toBe(404);
    expect((await manager.api.patch('/v1/products/nonsense', { name: 'x' })).status).toBe(404);
  });
});
