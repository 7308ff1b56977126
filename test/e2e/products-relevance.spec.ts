import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProduct, walk } from '../support/products.js';
import type { ProductBody, ProductPage } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let manager: SignedIn;

/** Oldest first: in each of these, what is better is older. */
const CATALOGUE = [
  { sku: 'anvil', name: 'Block of iron', currency: 'EUR' },
  { sku: 'A-1', name: 'Small anvil', currency: 'EUR', price: 9 },
  { sku: 'A-2', name: 'Anvil, large', currency: 'USD', price: 30 },
  { sku: 'A-3', name: 'Stand', description: 'Carries any anvil.', currency: 'EUR', price: 20 },
  { sku: 'ANVIL-4', name: 'Tongs', currency: 'EUR', price: 10 },
  { sku: 'A-5', name: 'Anvid', description: 'A strange name.', currency: 'EUR' },
  { sku: 'A-6', name: 'Poster', description: 'Shows an avnil.', currency: 'JPY' },

  { sku: 'PART-10', name: 'Ten' },
  { sku: 'part-1', name: 'One' },
  { sku: 'PART-1-B', name: 'One again' },
  { sku: 'PART-2', name: 'Two' },
  { sku: 'X', name: 'Part 1 of nothing' },

  { sku: 'B-1', name: 'Insulated bottle, stainless steel', description: 'For tea.' },
  { sku: 'B-2', name: 'Galvanised bucket' },
  { sku: 'B-3', name: 'Cafetière for the café', description: 'Größe 12.' },
  { sku: 'B-4', name: 'Adjustable spanner', description: 'Made in Sheffield.' },
  { sku: 'B-5', name: 'Insulot' },
];

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
  for (const product of CATALOGUE) await createProduct(manager.api, product);
});
afterAll(() => app.close());

const get = (query: Record<string, string>) =>
  manager.api.get<ProductPage>(`/v1/products?${new URLSearchParams(query).toString()}`);

const search = async (q: string, filters: Record<string, string> = {}) => {
  const { status, body } = await get({ q, ...filters });
  expect(status).toBe(200);
  return body.data.map(({ sku }) => sku);
};

describe('GET /v1/products?q= without a sort', () => {
  it('has the sku first, then names, then anything with the words, then similar spellings', async () => {
    expect(await search('anvil')).toEqual(['anvil', 'A-2', 'A-1', 'ANVIL-4', 'A-3', 'A-6', 'A-5']);
  });

  it('walks through all of them in that order, however small its pages', async () => {
    for (const limit of [1, 2, 3, 6, 7, 8]) {
      const found = await walk(manager.api, `/v1/products?q=anvil&limit=${limit}`);
      expect(found.map(({ sku }) => sku)).toEqual(await search('anvil'));
    }
  });

  it('finds the sku in any case, and what begins like a code in the order of the skus', async () => {
    expect(await search('PART-1')).toEqual(['part-1', 'PART-1-B', 'PART-10', 'X']);
    expect(await search('Part-10')).toEqual(['PART-10']);
    expect(await search('part-')).toEqual(['part-1', 'PART-1-B', 'PART-10', 'PART-2', 'X']);
  });

  it('combines with filters in every tier', async () => {
    expect(await search('anvil', { currency: 'EUR' })).toEqual(['anvil', 'A-1', 'ANVIL-4', 'A-3', 'A-5']);
    expect(await search('anvil', { min_price: '10', max_price: '20' })).toEqual(['ANVIL-4', 'A-3']);
    expect(await search('anvil', { currency: 'JPY' })).toEqual(['A-6']);
    expect(await search('anvil', { sku: 'A-3' })).toEqual(['A-3']);
  });

  it.each([
    ['words in any order', 'steel bottle insulated', ['B-1']],
    ['words of name and description', 'tea bottle', ['B-1']],
    ['the beginning of the last word', 'steel bott', ['B-1']],
    ['the beginning of a word within its ending, better than by a slip', 'insulat', ['B-1', 'B-5']],
    ['another one', 'adjustab', ['B-4']],
    ['one more', 'bucket galvanisi', ['B-2']],
    ['an accent left out', 'cafe', ['B-3']],
    ['an accent put in', 'bücket', ['B-2']],
    ['letters in their other spelling', 'grosse', ['B-3']],
    ['a letter left out', 'buket', ['B-2']],
    ['letters that changed places', 'bukcet', ['B-2']],
    ['a slip in each of two words', 'insulatd botle', ['B-1']],
    ['a slip in the description', 'shefield', ['B-4']],
    ['two slips in a long word', 'adjistible', ['B-4']],
    ['a slip and an accent', 'caffe', ['B-3']],
  ])('finds by %s', async (_, q, skus) => {
    expect(await search(q)).toEqual(skus);
  });

  it.each([
    ['the beginning of another word than the last', 'galv bucket'],
    ['a word that the rest does not go with', 'bottle sheffield'],
    ['a slip in a number', '13'],
    ['more than a slip', 'bottleneck steel'],
  ])('does not find by %s', async (_, q) => {
    expect(await search(q)).toEqual([]);
  });

  it('learns words with the products that have them, whether they are made or changed', async () => {
    const { id, sku } = await createProduct(manager.api, { name: 'Zwieback' });
    expect(await search('zwiback')).toEqual([sku]);
    await manager.api.patch(`/v1/products/${id}`, { description: 'With marzipan.' });
    expect(await search('marzpian')).toEqual([sku]);
    await manager.api.delete(`/v1/products/${id}`);
    expect(await search('zwiback')).toEqual([]);
  });
});

describe('GET /v1/products?q= with a sort', () => {
  const sorted = (q: string, sort: string) => search(q, { sort });

  it('has all that have the words, in that order', async () => {
    expect(await sorted('anvil', 'created_at')).toEqual(['anvil', 'A-1', 'A-2', 'A-3', 'ANVIL-4']);
    expect(await sorted('anvil', '-price')).toEqual(['A-2', 'anvil', 'A-3', 'ANVIL-4', 'A-1']);
    expect(await sorted('anvil', 'name')).toEqual(['A-2', 'anvil', 'A-1', 'A-3', 'ANVIL-4']);
  });

  it('has the sku, too, whether or not a word in it counts', async () => {
    const [word, none] = [
      await createProduct(manager.api, { sku: 'the' }),
      await createProduct(manager.api, { sku: '-.-' }),
    ];
    for (const sort of ['', 'price']) {
      expect((await search('THE', sort === '' ? {} : { sort }))[0]).toBe(word.sku);
      expect(await search('-.-', sort === '' ? {} : { sort })).toEqual([none.sku]);
    }
  });

  it('has similar spellings if there is nothing with the words', async () => {
    expect(await sorted('anvill', 'created_at')).toEqual(['anvil', 'A-1', 'A-2', 'A-3', 'ANVIL-4']);
    expect(await search('anvid', { sort: 'created_at', currency: 'USD' })).toEqual(['A-2']);
  });
});

describe('a cursor of a search', () => {
  const cursorOf = async (query: Record<string, string>): Promise<string> => {
    const { body } = await get({ limit: '1', ...query });
    return body.next_cursor ?? '';
  };

  it.each([
    ['without the search', {}],
    ['with another search', { q: 'anvils' }],
    ['with another filter', { q: 'anvil', currency: 'EUR' }],
    ['with a sort', { q: 'anvil', sort: '-created_at' }],
  ])('is refused %s, whichever hit it is at', async (_, query) => {
    for (let at = 1; at < 7; at += 1) {
      const cursor = await cursorOf({ q: 'anvil', limit: String(at) });
      const { status, body } = await get({ ...query, cursor });
      expect([status, body]).toMatchObject([400, { code: 'invalid_cursor' }]);
    }
  });

  it.each(['created_at', '-created_at'])('that is sorted by %s is refused without a sort', async (sort) => {
    for (const q of ['anvil', 'anvill']) {
      const { status, body } = await get({ q, cursor: await cursorOf({ q, sort }) });
      expect([status, body]).toMatchObject([400, { code: 'invalid_cursor' }]);
    }
  });

  it('is refused by a search that has no list to go on in', async () => {
    const cursor = await cursorOf({ q: 'anvil' });
    for (const q of ['?!', '-', 'xylophone']) expect((await get({ q, cursor })).status).toBe(400);
    for (const q of ['?!', 'xylophone']) expect((await get({ q, cursor, sort: 'name' })).status).toBe(400);
  });

  it('goes on with another limit', async () => {
    const cursor = await cursorOf({ q: 'anvil', limit: '4' });
    const { body } = await get({ q: 'anvil', limit: '100', cursor });
    expect(body.data.map(({ sku }: ProductBody) => sku)).toEqual(['A-3', 'A-6', 'A-5']);
  });
});
