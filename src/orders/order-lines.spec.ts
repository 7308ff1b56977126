import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toDecimal } from '../inventory/money/money.js';
import { Problem } from '../http/problems/problem.js';
import type { SoldProduct } from '../inventory/products/products.service.js';
import { insufficientStock, lineTotal, toLines, totalOf } from './order-lines.js';

const product = (id: string, fields: Partial<SoldProduct> = {}): SoldProduct => ({
  id,
  sku: `SKU-${id}`,
  name: `Name of ${id}`,
  price: '12.50',
  currency: 'USD',
  inStock: true,
  stockTracked: true,
  ...fields,
});
const catalogue = new Map(
  [product('a'), product('b', { price: '0.07', stockTracked: false }), product('e', { currency: 'EUR' })].map(
    (one) => [one.id, one],
  ),
);
const item = (product_id: string, quantity = 1) => ({ product_id, quantity });

const errorsOf = (...ids: string[]) => {
  try {
    toLines(
      ids.map((id) => item(id)),
      catalogue,
    );
    return [];
  } catch (error) {
    return ((error as Problem).errors ?? []).map((found) => [
      (found as { pointer: string }).pointer,
      found.code,
    ]);
  }
};

describe('toLines', () => {
  it('takes what the products are, in the order of the requested', () => {
    expect(toLines([item('b', 3), item('a', 2)], catalogue)).toEqual([
      { productId: 'b', sku: 'SKU-b', name: 'Name of b', unitPrice: '0.07', quantity: 3, isReserved: false },
      { productId: 'a', sku: 'SKU-a', name: 'Name of a', unitPrice: '12.50', quantity: 2, isReserved: true },
    ]);
  });

  it.each([
    [['x'], [['/items/0/product_id', 'not_found']]],
    [
      ['a', 'x', 'y'],
      [
        ['/items/1/product_id', 'not_found'],
        ['/items/2/product_id', 'not_found'],
      ],
    ],
    [['a', 'b', 'a'], [['/items/2/product_id', 'unique']]],
    [
      ['a', 'a', 'a'],
      [
        ['/items/1/product_id', 'unique'],
        ['/items/2/product_id', 'unique'],
      ],
    ],
    [['a', 'e'], [['/items/1/product_id', 'currency']]],
    [['x', 'a', 'e'], [['/items/0/product_id', 'not_found']]],
    [
      ['e', 'a', 'x', 'e'],
      [
        ['/items/1/product_id', 'currency'],
        ['/items/2/product_id', 'not_found'],
        ['/items/3/product_id', 'unique'],
      ],
    ],
  ])('refuses of %j', (ids, errors) => {
    expect(errorsOf(...ids)).toEqual(errors);
  });
});

describe('totals', () => {
  it('are exact', () => {
    const lines = fc.array(
      fc.record({
        units: fc.integer({ min: 1, max: 9_999_999_999 }),
        quantity: fc.integer({ min: 1, max: 1000 }),
      }),
      { minLength: 1, maxLength: 100 },
    );
    fc.assert(
      fc.property(lines, (items) => {
        const exact = items.reduce((sum, { units, quantity }) => sum + BigInt(units) * BigInt(quantity), 0n);
        const total = totalOf(
          items.map(({ units, quantity }) => ({ unitPrice: toDecimal(units), quantity })),
        );
        expect(BigInt(total.replace('.', ''))).toBe(exact);
      }),
    );
  });

  it('of a line are its price as often as its quantity says', () => {
    expect(lineTotal({ unitPrice: '0.07', quantity: 1000 })).toBe('70.00');
    expect(lineTotal({ unitPrice: '99999999.99', quantity: 1000 })).toBe('99999999990.00');
  });
});

describe('insufficientStock', () => {
  it('names each item that is short, by its place', () => {
    const { code, errors } = insufficientStock(
      [item('a', 5), item('b', 6), item('c', 7)],
      new Map([
        ['c', 0],
        ['a', 4],
      ]),
    );
    expect([code, errors]).toEqual([
      'insufficient_stock',
      [
        {
          pointer: '/items/0/quantity',
          code: 'insufficient_stock',
          message: 'quantity is 5, but only 4 are available',
        },
        {
          pointer: '/items/2/quantity',
          code: 'insufficient_stock',
          message: 'quantity is 7, but only 0 are available',
        },
      ],
    ]);
  });
});
