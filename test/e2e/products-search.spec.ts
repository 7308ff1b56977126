import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProduct, walk } from '../support/products.js';
import type { ProductBody } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let manager: SignedIn;

const CATALOGUE = [
  { sku: 'TOOL-HMR-0450', name: 'Claw hammer 450 g', description: 'Forged steel head on a shaft of ash.' },
  { sku: 'TOOL-HMR-1000', name: 'Sledge hammer 1 kg', description: null },
  { sku: 'TOOL-SAW-22', name: 'Hand saw, hardened teeth', description: 'Cuts softwood and plywood.' },
  { sku: 'OFFC-LMP.7', name: 'Desk lamp "Lumen"', description: 'Dimmable. 5 year warranty.' },
  { sku: 'OFFC_CHR_1', name: 'Ergonomic chair', description: 'With a mesh back; holds 120 kg.' },
  { sku: 'GARD-HSE', name: 'Gartenschlauch 20 m', description: 'Für große Gärten.' },
  { sku: 'ELEC-USB', name: 'USB-C cable', description: 'For phones and tablets, 1.5 m.' },
];

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
  for (const product of CATALOGUE) await createProduct(manager.api, product);
});
afterAll(() => app.close());

const search = async (q: string) => {
  const { status, body } = await manager.api.get<{ data: ProductBody[] }>(
    `/v1/products?sort=created_at&q=${encodeURIComponent(q)}`,
  );
  expect(status).toBe(200);
  return body.data.map(({ sku }) => sku);
};

describe('GET /v1/products?q=', () => {
  it.each([
    ['a word of the name', 'hammer', ['TOOL-HMR-0450', 'TOOL-HMR-1000']],
    ['whatever its case', 'HAMMER', ['TOOL-HMR-0450', 'TOOL-HMR-1000']],
    ['its plural', 'hammers', ['TOOL-HMR-0450', 'TOOL-HMR-1000']],
    ['words in any order', 'hammer claw', ['TOOL-HMR-0450']],
    ['words of name and description', 'steel claw', ['TOOL-HMR-0450']],
    ['words in between that say nothing', 'hammer with a head of steel', ['TOOL-HMR-0450']],
    ['the beginning of the last word', 'sledge ham', ['TOOL-HMR-1000']],
    ['the beginning of a word', 'ergo', ['OFFC_CHR_1']],
    ['the sku', 'TOOL-HMR-0450', ['TOOL-HMR-0450']],
    ['the sku in lower case', 'tool-hmr-1000', ['TOOL-HMR-1000']],
    ['a part of the sku', 'hmr', ['TOOL-HMR-0450', 'TOOL-HMR-1000']],
    ['the beginning of a sku', 'offc', ['OFFC-LMP.7', 'OFFC_CHR_1']],
    ['a part of the sku and a word', 'offc lamp', ['OFFC-LMP.7']],
    ['the description', 'plywood', ['TOOL-SAW-22']],
    ['a number', '450', ['TOOL-HMR-0450']],
    ['letters beyond ASCII', 'große', ['GARD-HSE']],
    ['both parts of a word with a hyphen', 'usb-c', ['ELEC-USB']],
    ['a number with a decimal point', 'cable 1.5', ['ELEC-USB']],
    ['a typo, by similar spelling', 'hamer', ['TOOL-HMR-0450', 'TOOL-HMR-1000']],
    ['another typo', 'ergonomik chair', ['OFFC_CHR_1']],
    ['a word in quotes', '"lamp"', ['OFFC-LMP.7']],
    ['what nothing is like', 'xylophone', []],
    ['words that no product has all of', 'hammer plywood zebra quartz', []],
  ])('finds by %s', async (_, q, skus) => {
    expect(await search(q)).toEqual(skus);
  });

  it.each([
    "hammer'",
    "'hammer",
    'hammer & ',
    'hammer | ',
    '!hammer:*',
    'hammer <->',
    '(hammer',
    'hammer)',
    'hammer:*A',
    "hammer'); DROP TABLE products; --",
    'hammer\\',
    "\\' hammer",
    'hammer %',
    '$9 hammer',
    'hammer\t\n',
  ])('takes the operators in %j for punctuation', async (q) => {
    const found = await search(q);
    expect(found.length === 0 || found.includes('TOOL-HMR-0450')).toBe(true);
    expect(await search('hammer')).toHaveLength(2);
  });

  it.each(['!!!', '"', "'", '&', '   ', '\\', '%', '...', '🔨', '<->', '()'])(
    'finds nothing by %j',
    async (q) => {
      expect(await search(q)).toEqual([]);
    },
  );

  it.each([
    'the',
    'a',
    'x'.repeat(200),
    '9'.repeat(200),
    '😀'.repeat(200),
    'ä'.repeat(200),
    'a '.repeat(100),
  ])('answers %s', async (q) => {
    expect(await search(q)).toBeInstanceOf(Array);
  });

  it('finds a product by its new words once it was changed, and not by the old ones', async () => {
    const { id, sku } = await createProduct(manager.api, { name: 'Quillwort', description: 'verbascum' });
    await manager.api.patch(`/v1/products/${id}`, { name: 'Bladderwrack', description: null });
    expect(await search('bladderwrack')).toEqual([sku]);
    expect(await search('quillwort')).toEqual([]);
    expect(await search('verbascum')).toEqual([]);
    await manager.api.delete(`/v1/products/${id}`);
    expect(await search('bladderwrack')).toEqual([]);
  });

  it('walks through all pages of a search', async () => {
    const made = [];
    for (let index = 0; index < 9; index += 1)
      made.push(await createProduct(manager.api, { name: `Wrench ${index}` }));
    const found = await walk(manager.api, '/v1/products?q=wrench&limit=2&sort=created_at');
    expect(found.map(({ id }) => id)).toEqual(made.map(({ id }) => id));
  });

  it('goes on as it began when a better match appears between two pages', async () => {
    for (let index = 0; index < 4; index += 1)
      await createProduct(manager.api, { name: `Screwdriver ${index}` });
    const found = await walk(
      manager.api,
      '/v1/products?q=skrewdriver&limit=2&sort=created_at',
      async (page) => {
        if (page === 0) await createProduct(manager.api, { name: 'Skrewdriver', sku: 'TYPO-1' });
      },
    );
    expect(found.map(({ name }) => name)).toEqual(
      [0, 1, 2, 3].map((index) => `Screwdriver ${index}`).concat('Skrewdriver'),
    );
  });

  it('ends, and does not go astray, when the rest of its products is deleted between two pages', async () => {
    const made: ProductBody[] = [];
    for (let index = 0; index < 3; index += 1)
      made.push(await createProduct(manager.api, { name: `Mandrel ${index}` }));
    await createProduct(manager.api, { name: 'Mandrill' });
    const found = await walk(manager.api, '/v1/products?q=mandrels&limit=1&sort=created_at', async () => {
      for (const { id } of made) await manager.api.delete(`/v1/products/${id}`);
    });
    expect(found.map(({ name }) => name)).toEqual(['Mandrel 0']);
  });
});
