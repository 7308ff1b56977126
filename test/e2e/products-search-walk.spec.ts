import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createProduct, newSku, walk } from '../support/products.js';
import type { ProductBody } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let manager: SignedIn;

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
});
afterAll(() => app.close());

/** What a product has to be for each tier of a search for `mandrel-9`. */
const TIERS: readonly (() => Record<string, unknown>)[] = [
  () => ({ sku: `Mandrel-9${newSku()}` }),
  () => ({ name: 'Size 9 mandrel' }),
  () => ({ name: 'Size 9', description: 'For a mandrel.' }),
  () => ({ name: 'Mandrol 9' }),
  () => ({ name: 'Something else' }),
];
const SEARCH = '/v1/products?q=mandrel-9';

const change = fc.record({
  tier: fc.nat(TIERS.length - 1),
  action: fc.constantFrom('insert', 'delete', 'change'),
  which: fc.nat(),
});
const changesOfPages = fc.array(fc.array(change, { maxLength: 3 }), { maxLength: 8 });

describe('a walk through a search', () => {
  let lasting: ProductBody[];
  let others: ProductBody[];

  const create = (tier: number) => createProduct(manager.api, TIERS[tier]?.());
  const remove = ({ id }: ProductBody) => manager.api.delete(`/v1/products/${id}`);

  async function apply({ tier, action, which }: { tier: number; action: string; which: number }) {
    const target = others[which % Math.max(1, others.length)];
    if (action === 'insert' || !target) others.push(await create(tier));
    else if (action === 'change')
      await manager.api.patch(`/v1/products/${target.id}`, { name: 'Thing', ...TIERS[tier]?.() });
    else {
      others = others.filter((other) => other !== target);
      await remove(target);
    }
  }

  beforeEach(async () => {
    lasting = [];
    for (const tier of [0, 1, 2, 3]) for (let i = 0; i < 3; i += 1) lasting.push(await create(tier));
  });

  it.each(['', '&sort=name', '&sort=-created_at'])(
    'skips and repeats nothing while other products come, go and change, with "%s"',
    async (sort) => {
      const before = await walk(manager.api, `${SEARCH}${sort}&limit=100`);
      expect(new Set(before.map(({ id }) => id))).toEqual(
        new Set(lasting.slice(0, sort === '' ? 12 : 9).map(({ id }) => id)),
      );
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 5 }), changesOfPages, async (limit, changes) => {
          others = [await create(0), await create(1), await create(3)];
          const found = await walk(manager.api, `${SEARCH}${sort}&limit=${limit}`, async (page) => {
            for (const each of changes[page] ?? []) await apply(each);
          });
          for (const other of others) await remove(other);
          const ids = found.map(({ id }) => id);
          const expected = before.map(({ id }) => id);
          expect(ids.filter((id) => expected.includes(id))).toEqual(expected);
        }),
        { numRuns: 12 },
      );
      for (const product of lasting) await remove(product);
    },
  );
});

describe('a search for the name of a product', () => {
  // No stop words: those are left out.
  const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).map((text) => `zq${text}`);
  const names = fc
    .array(fc.oneof(word, fc.string({ unit: 'binary', maxLength: 8 })), { minLength: 1, maxLength: 5 })
    .map((parts) => `zq ${parts.join(' ')}`.replaceAll('\0', '').toWellFormed());

  it('finds the product, whatever the name', async () => {
    await fc.assert(
      fc.asyncProperty(names, async (name) => {
        const product = await createProduct(manager.api, { name });
        for (const query of ['', '&sort=-created_at']) {
          const path = `/v1/products?limit=100&q=${encodeURIComponent(name)}${query}`;
          const found = await walk(manager.api, path);
          expect(found.map(({ id }) => id)).toContain(product.id);
        }
        await manager.api.delete(`/v1/products/${product.id}`);
      }),
      { numRuns: 150 },
    );
  });
});
