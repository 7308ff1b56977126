import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inspectInput, isStorable, toPointer } from './input-inspection.js';

const inspect = (value: unknown) => inspectInput(value, (path) => ({ pointer: toPointer(path) }));
const places = (json: string) => inspect(JSON.parse(json)).map((error) => ({ ...error, message: undefined }));

describe('inspectInput', () => {
  it('finds nothing in ordinary input', () => {
    expect(inspect({ a: 'text', b: [1, null, true, { c: 'ü😀\n\t' }], d: undefined })).toEqual([]);
  });

  it.each([
    ['{"a":"x\\u0000"}', '/a', 'text'],
    ['{"a":"\\ud800"}', '/a', 'text'],
    ['{"a":"\\udc00\\ud800"}', '/a', 'text'],
    ['{"a":[{"b":"\\u0000"}]}', '/a/0/b', 'text'],
    ['{"a/b~c":"\\u0000"}', '/a~1b~0c', 'text'],
    ['{"__proto__":1}', '/__proto__', 'unknown_field'],
    ['{"a":{"__proto__":{"isAdmin":true}}}', '/a/__proto__', 'unknown_field'],
    ['{"a":[{"constructor":{"prototype":{}}}]}', '/a/0/constructor', 'unknown_field'],
    ['{"prototype":1}', '/prototype', 'unknown_field'],
    ['{"toString":"x"}', '/toString', 'unknown_field'],
    ['{"hasOwnProperty":null}', '/hasOwnProperty', 'unknown_field'],
    ['{"a\\u0000":1}', '/a\u0000', 'unknown_field'],
    ['{"\\ud800":1}', '/\ufffd', 'unknown_field'],
  ])('finds in %s the field %s: %s', (json, pointer, code) => {
    expect(places(json)).toEqual([{ pointer, code, message: undefined }]);
  });

  it('takes 16 levels, and names the place where a deeper one begins', () => {
    const nested = (levels: number) => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);
    expect(places(nested(16))).toEqual([]);
    expect(places(nested(17))).toEqual([{ pointer: '/a'.repeat(16), code: 'depth', message: undefined }]);
  });

  it('is not brought down by a hundred thousand levels', () => {
    expect(places(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)).toHaveLength(1);
    expect(places(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`)).toHaveLength(1);
  });

  it('refuses more values than any body has, wherever they are', () => {
    const many = Array.from({ length: 5001 }, () => 0);
    expect(inspect({ a: many.slice(1), b: [] })).toEqual([]);
    expect(inspect({ a: many, b: many })).toEqual([
      { pointer: '', code: 'size', message: 'the body contains more than 10000 values' },
    ]);
  });

  it('names no more than twenty places', () => {
    expect(inspect(Array.from({ length: 1000 }, () => '\0'))).toHaveLength(20);
  });

  it('finds every text that cannot be stored, and no other', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        expect(inspect({ a: [text] }).length === 0).toBe(isStorable(text));
      }),
    );
  });
});

describe('toPointer', () => {
  it.each([
    [[], ''],
    [[''], '/'],
    [['a', '0', 'b'], '/a/0/b'],
    [['a/b', 'c~d'], '/a~1b/c~0d'],
    [['~1'], '/~01'],
  ])('writes %j as %j (RFC 6901)', (path, pointer) => {
    expect(toPointer(path)).toBe(pointer);
  });
});
