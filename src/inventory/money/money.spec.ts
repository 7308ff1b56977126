import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toAmount, toDecimal, toMinorUnits } from './money.js';

/** Any price of the contract, in hundredths: 0.01 to 99999999.99. */
const minorUnits = fc.integer({ min: 1, max: 9_999_999_999 });

describe('money', () => {
  it('comes back exactly from JSON, through the column, to JSON', () => {
    fc.assert(
      fc.property(minorUnits, (units) => {
        const sent = JSON.parse(
          `${Math.floor(units / 100)}.${String(units % 100).padStart(2, '0')}`,
        ) as number;
        expect(toMinorUnits(sent)).toBe(units);
        const stored = toDecimal(units);
        expect(stored).toMatch(/^\d{1,8}\.\d{2}$/);
        expect(toMinorUnits(toAmount(stored))).toBe(units);
        expect(JSON.stringify(toAmount(stored))).toBe(JSON.stringify(sent));
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses every amount with more than two decimals', () => {
    const thousandths = fc.integer({ min: 1, max: 99_999_999_999 }).filter((value) => value % 10 !== 0);
    fc.assert(
      fc.property(thousandths, (value) => {
        expect(
          toMinorUnits(Number(`${Math.floor(value / 1000)}.${String(value % 1000).padStart(3, '0')}`)),
        ).toBeNull();
      }),
    );
  });

  it.each([
    [0.01, 1],
    [0.29, 29],
    [1.1, 110],
    [4.35, 435],
    [1e3, 100_000],
    [99_999_999.99, 9_999_999_999],
  ])('takes %d for %d hundredths', (amount, units) => {
    expect(toMinorUnits(amount)).toBe(units);
  });

  it.each([
    0.1 + 0.2,
    1.005,
    1e-7,
    -1,
    -0.01,
    100_000_000,
    1e21,
    Number.NaN,
    Infinity,
    -Infinity,
    '12.50',
    null,
    undefined,
    true,
    [1],
    {},
    12n,
  ])('refuses %s', (amount) => {
    expect(toMinorUnits(amount)).toBeNull();
  });

  it.each([
    [1, '0.01'],
    [10, '0.10'],
    [100, '1.00'],
    [1250, '12.50'],
  ])('writes %d hundredths as %s', (units, decimal) => {
    expect(toDecimal(units)).toBe(decimal);
  });
});
