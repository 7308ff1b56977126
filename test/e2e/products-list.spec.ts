import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProduct } from '../support/products.js';
import type { ProductBody } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let customer: SignedIn;
let products: ProductBody[];

const CATALOGUE = [
  { sku: 'L-1', name: 'banana', price: 3, currency: 'USD', in_stock: true },
  { sku: 'L-2', name: 'Apple', price: 1.5, currency: 'EUR', in_stock: true },
  { sku: 'L-3', name: 'cherry', price: 10, currency: 'EUR', in_stock: false },
  { sku: 'L-4', name: 'Äpfel', price: 2, currency: 'USD', in_stock: false },
  { sku: 'L-5', name: 'Zucchini', price: 0.01, currency: 'JPY', in_stock: true },
  { sku: 'L-6', name: 'apple', price: 99_999_999.99, currency: 'USD', in_stock: true },
];

beforeAll(async () => {
  app = await startTestApp();
  customer = await app.signIn('customer');
  const { api } = await app.signIn('manager');
  products = [];
  for (const product of CATALOGUE) products.push(await createProduct(api, product));
  const { id } = await createProduct(api, { sku: 'L-GONE', name: 'gone', price: 2 });
  await api.delete(`/v1/products/${id}`);
  // Creations one minute apart, and changes in another order than the creations.
  for (const [index, product] of products.entries()) {
    const [{ created_at, updated_at }] = await app.dataSource.query<[{ created_at: Date; updated_at: Date }]>(
      `WITH changed AS (UPDATE products SET created_at = $2::timestamptz, updated_at = $3::timestamptz
         WHERE id = $1 RETURNING created_at, updated_at) SELECT * FROM changed`,
      [product.id, `2026-03-01T12:0${index}:00Z`, `2026-03-02T12:0${(index * 5) % 6}:00Z`],
    );
    product.created_at = created_at.toISOString();
    product.updated_at = updated_at.toISOString();
  }
});
afterAll(() => app.close());

const list = async (query: string) => {
  const { status, body } = await customer.api.get<{ data: ProductBody[] }>(`/v1/products${query}`);
  expect(status).toBe(200);
  return body.data;
};
const skusOf = (rows: readonly ProductBody[]) => rows.map(({ sku }) => sku);

describe('GET /v1/products', () => {
  it('lists whole products, newest first, without deleted ones', async () => {
    expect(await list('')).toEqual(products.toReversed());
  });

  it('says that there is no more, and links nowhere', async () => {
    const { body, headers } = await customer.api.get('/v1/products');
    expect(body).toMatchObject({ next_cursor: null, has_more: false });
    expect(headers.get('link')).toBeNull();
  });

  it.each([
    ['?sku=L-3', ['L-3']],
    ['?sku=l-3', []],
    ['?in_stock=true', ['L-6', 'L-5', 'L-2', 'L-1']],
    ['?in_stock=false', ['L-4', 'L-3']],
    ['?currency=EUR', ['L-3', 'L-2']],
    ['?currency=CHF', []],
    ['?min_price=3', ['L-6', 'L-3', 'L-1']],
    ['?max_price=2', ['L-5', 'L-4', 'L-2']],
    ['?min_price=1.5&max_price=2.00', ['L-4', 'L-2']],
    ['?min_price=3&max_price=2', []],
    ['?min_price=0&max_price=0', []],
    ['?min_price=99999999.99', ['L-6']],
    ['?max_price=0.01', ['L-5']],
    ['?created_after=2026-03-01T12:03:00Z', ['L-6', 'L-5']],
    ['?created_after=2026-03-01T12:02:59.999Z', ['L-6', 'L-5', 'L-4']],
    ['?created_after=2026-03-01T12:03:00.0009Z', ['L-6', 'L-5']],
    ['?created_before=2026-03-01T12:01:00Z', ['L-1']],
    ['?created_before=2026-03-01T12:01:00.0001Z', ['L-2', 'L-1']],
    ['?created_after=2026-03-01T14:02:00%2B02:00&created_before=2026-03-01T10:04:00-02:00', ['L-4']],
    ['?created_after=2026-03-02T12:02:30%2B23:59', ['L-6', 'L-5']],
    ['?created_after=9999-12-31T23:59:59Z', []],
    ['?created_before=0001-01-01T00:00:00Z', []],
    ['?currency=USD&in_stock=true&min_price=2.5&max_price=5&created_before=2026-03-02T00:00:00Z', ['L-1']],
    ['?sku=L-1&currency=EUR', []],
    ['?q=apple&currency=EUR', ['L-2']],
  ])('filters by %s', async (query, skus) => {
    expect(skusOf(await list(query))).toEqual(skus);
  });

  it.each([
    ['created_at', ['L-1', 'L-2', 'L-3', 'L-4', 'L-5', 'L-6']],
    ['updated_at', ['L-1', 'L-6', 'L-5', 'L-4', 'L-3', 'L-2']],
    ['price', ['L-5', 'L-2', 'L-4', 'L-1', 'L-3', 'L-6']],
    ['name', ['L-2', 'L-5', 'L-6', 'L-1', 'L-3', 'L-4']],
  ])('sorts by %s in both directions', async (sort, skus) => {
    expect(skusOf(await list(`?sort=${sort}`))).toEqual(skus);
    expect(skusOf(await list(`?sort=-${sort}`))).toEqual(skus.toReversed());
  });

  it.each([1, 5, 6, 100])('returns no more than the limit of %d', async (limit) => {
    expect(await list(`?limit=${limit}`)).toHaveLength(Math.min(limit, 6));
  });
});
