import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputPipe } from '../../http/validation/input.pipe.js';
import { Problem } from '../../http/problems/problem.js';
import { CreateProductDto } from '../products/product.dto.js';
import { errorsOf, toCopyLine, toFailedLine } from './staged-row.js';

const pipe = new InputPipe();

/** What `POST /v1/products` says of a body. */
async function refusalOf(body: object): Promise<object[]> {
  try {
    await pipe.transform(body, { type: 'body', metatype: CreateProductDto });
    return [];
  } catch (error) {
    return ((error as Problem).errors ?? []).map((found) => ({
      field: 'pointer' in found ? found.pointer.slice(1) : '',
      code: found.code,
      message: found.message,
    }));
  }
}

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    'A-1',
    'USD',
    'XXY',
    'usd',
    'a\u0000b',
    '\ud800',
    '😀'.repeat(200),
    '😀'.repeat(201),
    'x'.repeat(5001),
  ),
  fc.integer({ min: 195, max: 205 }).map((length) => 'x'.repeat(length)),
);
const anything = fc.oneof(
  text,
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constant(undefined),
  fc.constantFrom([], {}, [1]),
);
const amount = fc.oneof(
  fc.integer({ min: -1, max: 10_000_000_000 }).map((units) => units / 100),
  fc.double(),
  fc.constantFrom(0, 0.005, 1.001, 1e8),
);
const often = <T>(good: fc.Arbitrary<T>) =>
  fc.oneof({ arbitrary: good, weight: 8 }, { arbitrary: anything, weight: 1 });
const row = fc.record(
  {
    sku: often(fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/)),
    name: often(fc.string({ minLength: 1, maxLength: 200 })),
    description: often(fc.string()),
    price: often(amount),
    currency: often(fc.constantFrom('USD', 'EUR', 'JPY')),
    in_stock: often(fc.boolean()),
    colour: fc.constant('red'),
  },
  { requiredKeys: ['sku', 'name', 'price'] },
);

describe('errorsOf', () => {
  it('agrees with the validation of POST /v1/products on every row', async () => {
    let good = 0;
    let bad = 0;
    const check = async (values: object) => {
      const refusal = await refusalOf({ ...values });
      expect(errorsOf({ line: 2, values: values as Record<string, unknown> })).toEqual(refusal);
      if (refusal.length === 0) good += 1;
      else bad += 1;
    };
    const mostlyGood = row.map(({ colour: _, ...values }) => values);
    await fc.assert(fc.asyncProperty(mostlyGood, check), { numRuns: 1500 });
    await fc.assert(fc.asyncProperty(row, check), { numRuns: 300 });
    expect(good).toBeGreaterThan(100);
    expect(bad).toBeGreaterThan(100);
  });

  it('names prototypes as what is not known, and bounds what it says', () => {
    const polluted = JSON.parse('{"__proto__": 1, "sku": "A", "name": "B", "price": 1}') as Record<
      string,
      unknown
    >;
    expect(errorsOf({ line: 1, values: polluted })).toMatchObject([
      { field: '__proto__', code: 'unknown_field' },
    ]);
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`${'x'.repeat(1000)}${n}`, 1]));
    const errors = errorsOf({ line: 1, values: many });
    expect(errors).toHaveLength(20);
    for (const { field, message } of errors) {
      expect(field?.length).toBeLessThanOrEqual(100);
      expect(message.length).toBeLessThanOrEqual(300);
    }
  });
});

describe('the lines of COPY', () => {
  it('escape what COPY would take for something else', () => {
    const values = { sku: 'A', name: 'a\tb\\N', description: 'c\nd\r', price: 1.5, in_stock: false };
    expect(toCopyLine('ID', 7, values)).toBe('ID\tA\t7\ta\\tb\\\\N\tc\\nd\\r\tt\t1.5\t\\N\tfalse\t\\N\n');
  });

  it('tell a description that is not there from one that is cleared', () => {
    const values = { sku: 'A', name: 'B', price: 1 };
    expect(toCopyLine('ID', 7, values).split('\t').slice(4, 6)).toEqual(['\\N', 'f']);
    expect(
      toCopyLine('ID', 7, { ...values, description: null })
        .split('\t')
        .slice(4, 6),
    ).toEqual(['\\N', 't']);
  });

  it('hold the errors of a row that failed', () => {
    const [id, sku, line, ...rest] = toFailedLine('ID', 7, [
      { field: null, code: 'json', message: '"\t' },
    ]).split('\t');
    expect([id, sku, line]).toEqual(['ID', '', '7']);
    expect(rest).toEqual([
      '\\N',
      '\\N',
      'f',
      '\\N',
      '\\N',
      '\\N',
      '[{"field":null,"code":"json","message":"\\\\"\\\\t"}]\n',
    ]);
  });
});
