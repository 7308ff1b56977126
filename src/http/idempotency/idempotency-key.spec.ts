import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Problem } from '../problems/problem.js';
import { parseIdempotencyKey } from './idempotency-key.js';

const visible = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCodePoint(code)),
});
const printable = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCodePoint(code)),
  minLength: 1,
  maxLength: 255,
});

describe('parseIdempotencyKey', () => {
  it.each([
    ['8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['  "a b"  ', 'a b'],
    ['"a\\"b\\\\c"', 'a"b\\c'],
    ['a,b;c=d', 'a,b;c=d'],
    ['k'.repeat(255), 'k'.repeat(255)],
    [`"${'k'.repeat(255)}"`, 'k'.repeat(255)],
  ])('reads %s as %s', (header, key) => {
    expect(parseIdempotencyKey(header)).toBe(key);
  });

  it('takes any quoted string, and any text that does not begin with a quote', () => {
    fc.assert(
      fc.property(printable, (text) => {
        expect(parseIdempotencyKey(`"${text.replace(/["\\]/g, '\\$&')}"`)).toBe(text);
      }),
    );
    fc.assert(
      fc.property(visible, (text) => {
        fc.pre(text !== '' && !text.startsWith('"') && text.length <= 255);
        expect(parseIdempotencyKey(text)).toBe(text);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['an empty string', '""'],
    ['a quote that does not end', '"a'],
    ['more than the string', '"a"b'],
    ['a quote in the string', '"a"b"'],
    ['an escape that is none', '"a\\b"'],
    ['spaces without quotes', 'a b'],
    ['letters beyond ASCII', 'clé'],
    ['a control character', '"a\tb"'],
    ['256 characters', 'k'.repeat(256)],
    ['10,000 characters', `"${'k'.repeat(10_000)}"`],
  ])('refuses %s, and names the header', (_, header) => {
    expect.assertions(2);
    try {
      parseIdempotencyKey(header);
    } catch (error) {
      expect(error).toBeInstanceOf(Problem);
      expect(error).toMatchObject({ errors: [{ header: 'Idempotency-Key', code: 'format' }] });
    }
  });
});
