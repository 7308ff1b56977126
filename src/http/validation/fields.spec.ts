import fc from 'fast-check';
import { validateSync } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { IsCurrency } from '../../inventory/money/currency.js';
import { IsPrice, IsPriceBound } from '../../inventory/money/money.js';
import { IsText, isTimestamp, OptionalField, NullableField, toUtc } from './fields.js';

/** The first finding of a rule about one value, or undefined if it holds. */
function finding(rule: PropertyDecorator, value: unknown, ...more: PropertyDecorator[]): string | undefined {
  class Holder {
    value: unknown = value;
  }
  for (const decorate of [rule, ...more]) decorate(Holder.prototype, 'value');
  const [error] = validateSync(new Holder(), { stopAtFirstError: true });
  return Object.keys(error?.constraints ?? {})[0];
}

describe('IsText', () => {
  it.each([
    ['a', undefined],
    ['äöü', undefined],
    ['😀😀😀', undefined],
    ['', 'length'],
    ['abcd', 'length'],
    ['😀😀😀😀', 'length'],
    ['x'.repeat(1_000_000), 'length'],
    [1, 'type'],
    [null, 'type'],
    [['a'], 'type'],
    [{}, 'type'],
    [true, 'type'],
  ])('of 1 to 3 characters: %j gives %s', (value, code) => {
    expect(finding(IsText(1, 3), value)).toBe(code);
  });
});

describe('IsPrice and IsPriceBound', () => {
  it.each([
    [0.01, undefined],
    [99_999_999.99, undefined],
    [0, 'min'],
    [-0, 'min'],
    [-5, 'min'],
    [-Infinity, 'min'],
    [1e-7, 'decimals'],
    [1.001, 'decimals'],
    [100_000_000, 'max'],
    [99_999_999.991, 'max'],
    [1e300, 'max'],
    [Infinity, 'max'],
    [Number.NaN, 'min'],
    ['1', 'type'],
    [null, 'type'],
    [[1], 'type'],
  ])('a price of %j gives %s', (value, code) => {
    expect(finding(IsPrice(), value)).toBe(code);
  });

  it('a bound may be 0, and not less', () => {
    expect(finding(IsPriceBound(), 0)).toBeUndefined();
    expect(finding(IsPriceBound(), -0.01)).toBe('min');
    expect(finding(IsPriceBound(), 0.001)).toBe('decimals');
    expect(finding(IsPriceBound(), '0')).toBe('type');
  });
});

describe('IsCurrency', () => {
  it.each(['USD', 'EUR', 'JPY', 'CHF'])('knows %s', (code) =>
    expect(finding(IsCurrency(), code)).toBeUndefined(),
  );
  it.each(['usd', 'US', 'USDX', 'ZZZ', '', 840, null, ['USD']])('refuses %j', (code) => {
    expect(finding(IsCurrency(), code)).toBe('currency');
  });
});

describe('OptionalField and NullableField', () => {
  it.each([
    [OptionalField(), undefined, undefined],
    [OptionalField(), null, 'type'],
    [NullableField(), undefined, undefined],
    [NullableField(), null, undefined],
    [NullableField(), 1, 'type'],
  ])('case %#', (optional, value, code) => {
    expect(finding(IsText(1, 3), value, optional)).toBe(code);
  });
});

describe('isTimestamp', () => {
  it.each([
    '2026-03-01T09:30:00Z',
    '2026-03-01T09:30:00.1Z',
    '2026-03-01T09:30:00.123456789Z',
    '2026-03-01T09:30:00+23:59',
    '2026-03-01t09:30:00z',
    '2024-02-29T00:00:00-05:00',
    '2000-02-29T00:00:00Z',
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
  ])('takes %s', (text) => expect(isTimestamp(text)).toBe(true));

  it.each([
    '2026-03-01',
    '2026-03-01T09:30Z',
    '2026-03-01T09:30:00',
    '2026-03-01 09:30:00Z',
    '2026-02-30T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-03-01T24:00:00Z',
    '2026-03-01T09:60:00Z',
    '2026-03-01T09:30:60Z',
    '2026-03-01T09:30:00+24:00',
    '2026-03-01T09:30:00.1234567890Z',
    '0000-01-01T00:00:00Z',
    '0001-01-01T00:00:00+14:00',
    '9999-12-31T23:59:59-00:01',
    '+002026-03-01T09:30:00Z',
    '1772357400',
    '',
    1772357400,
    null,
    ['2026-03-01T09:30:00Z'],
  ])('refuses %j', (text) => expect(isTimestamp(text)).toBe(false));
});

describe('toUtc', () => {
  it.each([
    ['2026-03-01T09:30:00Z', '2026-03-01T09:30:00Z'],
    ['2026-03-01T09:30:00+23:59', '2026-02-28T09:31:00Z'],
    ['2026-03-01t09:30:00.123456789-01:30', '2026-03-01T11:00:00.123456789Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
  ])('writes %s as %s', (text, utc) => {
    expect(toUtc(text)).toBe(utc);
  });

  it('keeps the instant of any time', () => {
    const times = fc.date({ min: new Date('0001-01-02'), max: new Date('9999-12-30'), noInvalidDate: true });
    fc.assert(
      fc.property(times, (time) => {
        expect(isTimestamp(time.toISOString())).toBe(true);
        expect(Date.parse(toUtc(time.toISOString()))).toBe(time.getTime());
      }),
    );
  });
});
