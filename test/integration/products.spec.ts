import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isTimestamp, toUtc } from '../../src/http/validation/fields.js';
import { toDecimal } from '../../src/inventory/money/money.js';
import type { CreateProductDto } from '../../src/inventory/products/product.dto.js';
import { ListProductsQuery, ProductResponse } from '../../src/inventory/products/product.dto.js';
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

const dto = (fields: Partial<CreateProductDto> = {}): CreateProductDto => ({
  sku: newSku(),
  name: 'Claw hammer',
  price: 24.9,
  ...fields,
});
const find = async (sku: string) => {
  const page = await products.listProducts(Object.assign(new ListProductsQuery(), { sku }));
  return page.rows[0];
};

describe('ProductsService', () => {
  it('keeps any price exactly', async () => {
    const minorUnits = fc.integer({ min: 1, max: 9_999_999_999 });
    await fc.assert(
      fc.asyncProperty(minorUnits, async (units) => {
        const price = Number(toDecimal(units));
        const { id, sku } = await products.createProduct(dto({ price }));
        const found = ProductResponse.from(await products.getProduct(id));
        expect(found.price).toBe(price);
        const [row] = await app.dataSource.query<[{ units: string }]>(
          'SELECT (price * 100)::bigint AS units FROM products WHERE sku = $1',
          [sku],
        );
        expect(row.units).toBe(String(units));
      }),
      { numRuns: 60 },
    );
  });

  it('gives back what it stored, at once and later', async () => {
    const created = await products.createProduct(
      dto({ description: 'Of ash.', currency: 'EUR', in_stock: false }),
    );
    expect(ProductResponse.from(await products.getProduct(created.id))).toEqual(
      ProductResponse.from(created),
    );
    expect(created.version).toBe(1);
  });

  it('finds a duplicate sku by the index, not by a look before', async () => {
    const sku = newSku();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () => products.createProduct(dto({ sku }))),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const [{ count }] = await app.dataSource.query<[{ count: string }]>(
      'SELECT count(*) FROM products WHERE sku = $1',
      [sku],
    );
    expect(count).toBe('1');
  });

  it('changes a product in an accepted version only, and counts its versions', async () => {
    const { id } = await products.createProduct(dto());
    expect((await products.updateProduct(id, { price: 2 }, [1])).version).toBe(2);
    await expect(products.updateProduct(id, { price: 3 }, [1])).rejects.toMatchObject({
      code: 'precondition_failed',
    });
    await expect(products.updateProduct(id, { price: 3 }, [])).rejects.toMatchObject({
      code: 'precondition_failed',
    });
    await expect(products.deleteProduct(id, [1])).rejects.toMatchObject({ code: 'precondition_failed' });
    expect((await products.updateProduct(id, { price: 4 }, 'any')).version).toBe(3);
    expect((await products.getProduct(id)).price).toBe('4.00');
  });

  it('keeps the row of a deleted product, whose sku is free again', async () => {
    const { id, sku } = await products.createProduct(dto());
    await products.deleteProduct(id, 'any');
    await expect(products.getProduct(id)).rejects.toMatchObject({ code: 'not_found' });
    expect(await find(sku)).toBeUndefined();
    const again = await products.createProduct(dto({ sku }));
    expect((await find(sku))?.id).toBe(again.id);
    const [row] = await app.dataSource.query<[{ deleted_at: Date }]>(
      'SELECT deleted_at FROM products WHERE id = $1',
      [id],
    );
    expect(row.deleted_at).toBeInstanceOf(Date);
  });
});

describe('the table of products', () => {
  const insert = (fields: Record<string, unknown>) => {
    const row = { sku: newSku(), name: 'n', price: 1, currency: 'USD', ...fields };
    return app.dataSource.query(
      `INSERT INTO products (id, version, sku, name, description, price, currency)
       VALUES (gen_random_uuid(), 1, $1, $2, $3, $4, $5)`,
      [row.sku, row.name, fields.description ?? null, row.price, row.currency],
    );
  };

  it.each([
    ['price', 0, 'products_price_check'],
    ['price', -1, 'products_price_check'],
    ['price', 100_000_000, ''],
    ['sku', '', 'products_sku_check'],
    ['sku', 'a b', 'products_sku_check'],
    ['sku', 'x'.repeat(65), 'products_sku_check'],
    ['name', '', 'products_name_check'],
    ['name', 'n'.repeat(201), 'products_name_check'],
    ['description', 'd'.repeat(5001), 'products_description_check'],
    ['currency', 'usd', 'products_currency_check'],
  ])('refuses a %s of %j, whoever writes it', async (field, value, constraint) => {
    await expect(insert({ [field]: value })).rejects.toThrow(constraint);
  });

  it('takes the limits themselves', async () => {
    await insert({ price: 99_999_999.99, name: '😀'.repeat(200), description: '😀'.repeat(5000) });
  });
});

describe('a timestamp that was found valid', () => {
  it('is one that PostgreSQL takes, for the same instant', async () => {
    const pad = (value: number, length = 2) => String(value).padStart(length, '0');
    const number = (max: number, min = 0) => fc.integer({ min, max });
    const offset = fc.oneof(
      fc.constantFrom('Z', 'z'),
      fc
        .tuple(fc.constantFrom('+', '-'), number(23), number(59))
        .map(([sign, h, m]) => `${sign}${pad(h)}:${pad(m)}`),
    );
    const fraction = fc.oneof(
      fc.constant(''),
      number(999).map((ms) => `.${pad(ms, 3)}`),
    );
    const text = fc
      .tuple(number(9999), number(13), number(32), number(24), number(60), number(60), fraction, offset)
      .map(
        ([y, mo, d, h, mi, s, f, o]) =>
          `${pad(y, 4)}-${pad(mo)}-${pad(d)}T${pad(h)}:${pad(mi)}:${pad(s)}${f}${o}`,
      )
      .filter(isTimestamp);
    const samples = [...fc.sample(text, 500), '0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z'];
    const rows = await app.dataSource.query<{ ms: string }[]>(
      `SELECT round(extract(epoch FROM t::timestamptz) * 1000)::bigint AS ms FROM unnest($1::text[]) WITH ORDINALITY AS s(t, n) ORDER BY n`,
      [samples.map(toUtc)],
    );
    // With the samples, so that a failure can be repeated.
    expect(rows.map(({ ms }, n) => [samples[n], Number(ms)])).toEqual(
      samples.map((sample) => [sample, Date.parse(sample)]),
    );
  });
});
