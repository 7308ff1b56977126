import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countsOf, importFile } from '../support/imports.js';
import type { ProductBody } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

const FORMATS = ['text/csv', 'application/x-ndjson'];
const PRODUCTS = 300;

/** Texts that hit the rules of CSV and of formulas far more often than any text does. */
const text = (min: number, max: number) =>
  fc
    .oneof(
      fc.string({
        unit: fc.constantFrom(
          'a',
          "'",
          '=',
          '-',
          '@',
          '"',
          ',',
          '\r',
          '\n',
          '\t',
          ' ',
          '\\',
          '＝',
          '🙂',
          '\ufeff',
        ),
        minLength: min,
        maxLength: max,
      }),
      fc.string({ unit: 'binary', minLength: min, maxLength: max }),
    )
    .filter((value) => !value.includes('\0'));

const product = fc.record({
  name: text(1, 20),
  description: fc.option(text(0, 20)),
  price: fc.integer({ min: 1, max: 9_999_999_999 }).map((cents) => cents / 100),
  currency: fc.constantFrom('USD', 'EUR', 'JPY'),
  in_stock: fc.boolean(),
});

let app: TestApp;
let other: TestApp;
let manager: SignedIn;
let elsewhere: SignedIn;

beforeAll(async () => {
  [app, other] = await Promise.all([startTestApp(), startTestApp()]);
  [manager, elsewhere] = await Promise.all([app.signIn('manager'), other.signIn('manager')]);
  const lines = fc
    .sample(product, { numRuns: PRODUCTS, seed: 7 })
    .map((fields, index) => `${JSON.stringify({ sku: `P-${1000 + index}`, ...fields })}\n`);
  const added = await importFile(manager.api, lines.join(''), { 'content-type': 'application/x-ndjson' });
  expect(countsOf(added)).toEqual([PRODUCTS, PRODUCTS, 0, 0, 0]);
});
afterAll(() => Promise.all([app.close(), other.close()]));

const exportOf = async ({ api }: SignedIn, accept: string) =>
  (await api.get('/v1/products', { accept })).text;

/** What of the products is theirs wherever they are. */
const fieldsOf = (ndjson: string) =>
  ndjson
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as ProductBody)
    .map(({ sku, name, description, price, currency, in_stock }) => ({
      ...{ sku, name, description, price, currency, in_stock },
    }))
    .sort((a, b) => (a.sku < b.sku ? -1 : 1));

describe.each(FORMATS)('an export as %s', (format) => {
  it('changes nothing where it is imported again', async () => {
    const file = await exportOf(manager, format);
    const imported = await importFile(manager.api, file, { 'content-type': format });
    expect(countsOf(imported)).toEqual([PRODUCTS, 0, 0, PRODUCTS, 0]);
    expect(await exportOf(manager, format)).toBe(file);
  });

  it('makes the same products elsewhere', async () => {
    await other.dataSource.query('UPDATE products SET deleted_at = now() WHERE deleted_at IS NULL');
    const imported = await importFile(elsewhere.api, await exportOf(manager, format), {
      'content-type': format,
    });
    expect(countsOf(imported)).toEqual([PRODUCTS, PRODUCTS, 0, 0, 0]);
    const [here, there] = await Promise.all(
      [manager, elsewhere].map((who) => exportOf(who, FORMATS[1] ?? '')),
    );
    expect(fieldsOf(there ?? '')).toEqual(fieldsOf(here ?? ''));
  });
});
