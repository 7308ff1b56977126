import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiResponse } from '../support/api-client.js';
import { createProduct, walk } from '../support/products.js';
import type { ProductBody, ProductPage } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

/** 23 products: pages of 7 end in the middle of equal prices and names, and the last page is not full. */
const COUNT = 23;

let app: TestApp;
let manager: SignedIn;
let admin: SignedIn;
let products: ProductBody[];

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
  admin = await app.signIn('admin');
  products = [];
  for (let index = 0; index < COUNT; index += 1) {
    products.push(
      await createProduct(manager.api, {
        name: `Name ${index % 3}`,
        price: 1 + (index % 4),
        currency: 'EUR',
      }),
    );
  }
});
afterAll(() => app.close());

const SORTS = ['created_at', 'updated_at', 'price', 'name'] as const;
const BOTH_WAYS = SORTS.flatMap((sort) => [sort, `-${sort}`]);

/** As the contract orders them: by the field, ties by id, both in the direction of the sort. */
function ordered(rows: readonly ProductBody[], sort: string): string[] {
  const field = sort.replace('-', '') as (typeof SORTS)[number];
  const ascending = rows.toSorted((a, b) => {
    if (a[field] !== b[field]) return a[field] < b[field] ? -1 : 1;
    return a.id < b.id ? -1 : 1;
  });
  return (sort.startsWith('-') ? ascending.toReversed() : ascending).map(({ id }) => id);
}

const idsOf = (rows: readonly { id: string }[]) => rows.map(({ id }) => id);

async function cursorOf(path: string): Promise<string> {
  const { body } = await manager.api.get(path);
  if (body.next_cursor === null) throw new Error(`${path} has no next page`);
  return body.next_cursor;
}

describe('a walk through all pages', () => {
  it.each(BOTH_WAYS)('by %s gives each row once and in order', async (sort) => {
    const rows = await walk(manager.api, `/v1/products?limit=7&currency=EUR&sort=${sort}`);
    expect(idsOf(rows)).toEqual(ordered(products, sort));
  });

  it.each(BOTH_WAYS)('by %s skips and repeats nothing while rows come and go', async (sort) => {
    const gone: string[] = [];
    const rows = await walk(manager.api, `/v1/products?limit=7&sort=${sort}&min_price=1`, async (page) => {
      // Rows at both ends and in the middle of every sort; those of the page before are deleted.
      for (const id of gone.splice(0)) await manager.api.delete(`/v1/products/${id}`);
      for (const [name, price] of [
        ['A', 1],
        ['Name 1', 2.5],
        ['Z', 1000],
      ] as const) {
        if (page < 3) gone.push((await createProduct(manager.api, { name, price })).id);
      }
    });
    for (const id of gone) await manager.api.delete(`/v1/products/${id}`);
    const seen = idsOf(rows);
    expect(new Set(seen).size).toBe(seen.length);
    const lasting = new Set(idsOf(products));
    expect(seen.filter((id) => lasting.has(id))).toEqual(ordered(products, sort));
  });

  it.each([1, 22, 23, 24, 100])('in pages of %d ends exactly where the rows end', async (limit) => {
    const sizes: number[] = [];
    let path: string | null = `/v1/products?currency=EUR&limit=${limit}`;
    while (path !== null) {
      const { body }: ApiResponse<ProductPage> = await manager.api.get(path);
      sizes.push(body.data.length);
      expect(body.has_more).toBe(sizes.reduce((sum, size) => sum + size) < COUNT);
      expect(body.has_more).toBe(body.next_cursor !== null);
      path = body.next_cursor && `/v1/products?currency=EUR&limit=${limit}&cursor=${body.next_cursor}`;
    }
    expect(sizes).toEqual([
      ...Array<number>(Math.floor((COUNT - 1) / limit)).fill(limit),
      ((COUNT - 1) % limit) + 1,
    ]);
  });

  it('may change its limit on the way', async () => {
    const cursor = await cursorOf('/v1/products?currency=EUR&limit=7&sort=price');
    const { body } = await manager.api.get(`/v1/products?currency=EUR&limit=100&sort=price&cursor=${cursor}`);
    expect(idsOf(body.data as { id: string }[])).toEqual(ordered(products, 'price').slice(7));
  });

  it('has 20 rows a page unless asked otherwise', async () => {
    expect((await manager.api.get('/v1/products?currency=EUR')).body.data).toHaveLength(20);
  });

  it('goes on after a row that was deleted in the meantime', async () => {
    const [first, second] = [
      await createProduct(manager.api, { currency: 'JPY' }),
      await createProduct(manager.api, { currency: 'JPY' }),
    ];
    const cursor = await cursorOf('/v1/products?currency=JPY&limit=1');
    await manager.api.delete(`/v1/products/${second.id}`);
    const { body } = await manager.api.get(`/v1/products?currency=JPY&limit=1&cursor=${cursor}`);
    expect(idsOf(body.data as { id: string }[])).toEqual([first.id]);
  });
});

describe('the Link header', () => {
  it('leads to the next page with the same sort, filters and limit', async () => {
    const { headers, body } = await manager.api.get(
      '/v1/products?q=name%20%261&limit=3&sort=-price&currency=EUR',
    );
    const link = /^<(\/v1\/products\?[^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1];
    expect(Object.fromEntries(new URLSearchParams(link?.split('?')[1]))).toEqual({
      q: 'name &1',
      limit: '3',
      sort: '-price',
      currency: 'EUR',
      cursor: body.next_cursor,
    });
    expect((await manager.api.get(link ?? '')).status).toBe(200);
  });
});

describe('a cursor', () => {
  it.each([
    ['another sort', '/v1/products?currency=EUR&sort=price'],
    ['the opposite sort', '/v1/products?currency=EUR&sort=created_at'],
    ['no filter', '/v1/products?'],
    ['another filter', '/v1/products?currency=USD'],
    ['one filter more', '/v1/products?currency=EUR&in_stock=true'],
    ['a search', '/v1/products?currency=EUR&q=name'],
    ['another resource', '/v1/users?'],
  ])('is refused with %s', async (_, path) => {
    const cursor = await cursorOf('/v1/products?currency=EUR&limit=1');
    const { status, body } = await admin.api.get(`${path}&limit=1&cursor=${cursor}`);
    expect([status, body.code]).toEqual([400, 'invalid_cursor']);
  });

  it('is refused wherever one of its characters was changed', async () => {
    const cursor = await cursorOf('/v1/products?currency=EUR&limit=1');
    for (let at = 0; at < cursor.length; at += 5) {
      const changed = cursor.slice(0, at) + (cursor[at] === 'A' ? 'B' : 'A') + cursor.slice(at + 1);
      const { status, body } = await manager.api.get(`/v1/products?currency=EUR&limit=1&cursor=${changed}`);
      expect([status, body.code, at]).toEqual([400, 'invalid_cursor', at]);
    }
  });

  it.each(['', 'abc', '0', 'null', '%00', '%20', '../..', "'%20OR%201=1", 'e30', '💣', 'A'.repeat(4000)])(
    'is never %j',
    async (cursor) => {
      const { status, body } = await manager.api.get(`/v1/products?cursor=${cursor}`);
      expect([400, 422]).toContain(status);
      expect(['invalid_cursor', 'validation_failed']).toContain(body.code);
    },
  );

  it('does not show what it is made of', async () => {
    const [cursor] = [await cursorOf('/v1/products?currency=EUR&limit=1')];
    expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
  });
});

describe('limit', () => {
  it.each([
    'limit=0',
    'limit=101',
    'limit=1e1',
    'limit=',
    'limit=-1',
    'limit=1.5',
    'limit=0x10',
    'limit=+5',
    'limit=ten',
    'limit=99999999999999999999',
    'limit=5&limit=5',
    'limit=NaN',
    'limit=%0A5',
  ])('is refused as ?%s', async (query) => {
    for (const path of ['/v1/products', '/v1/users']) {
      const { status, body } = await admin.api.get(`${path}?${query}`);
      expect([status, body.code]).toEqual([422, 'validation_failed']);
      expect(body.errors).toMatchObject([{ parameter: 'limit' }]);
    }
  });
});
