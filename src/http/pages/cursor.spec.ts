import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../../config/index.js';
import { Problem } from '../problems/problem.js';
import { CursorCodec } from './cursor.js';

const codecWith = (...secrets: string[]) =>
  new CursorCodec({
    cursorSecrets: secrets.map((secret) => Buffer.from(secret.padEnd(32, '.'))),
  } as unknown as Config);

const codec = codecWith('first secret');
const positions = fc.record({ value: fc.string({ unit: 'grapheme', maxLength: 200 }), id: fc.uuid() });
const lists = fc.string({ maxLength: 100 });

const refusal = (list: string, cursor: string, by = codec): unknown => {
  try {
    return by.decode(list, cursor);
  } catch (error) {
    return error instanceof Problem ? error.code : error;
  }
};

describe('CursorCodec', () => {
  it('gives back any position', () => {
    fc.assert(
      fc.property(lists, positions, (list, position) => {
        const cursor = codec.encode(list, position);
        expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(codec.decode(list, cursor)).toEqual(position);
        expect(codec.isOf(list, cursor)).toBe(true);
      }),
    );
  });

  it('refuses a cursor of any other list', () => {
    fc.assert(
      fc.property(lists, lists, positions, (list, other, position) => {
        fc.pre(list !== other);
        const cursor = codec.encode(list, position);
        expect(refusal(other, cursor)).toBe('invalid_cursor');
        expect(codec.isOf(other, cursor)).toBe(false);
      }),
    );
  });

  it('refuses a cursor in which any bit of any byte was flipped', () => {
    fc.assert(
      fc.property(positions, fc.nat(), fc.integer({ min: 0, max: 7 }), (position, at, bit) => {
        const bytes = Buffer.from(codec.encode('products', position), 'base64url');
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
        expect(refusal('products', bytes.toString('base64url'))).toBe('invalid_cursor');
      }),
      { numRuns: 500 },
    );
  });

  it('refuses any other spelling of the same bytes', () => {
    const cursor = codec.encode('products', { value: '12.50', id: '0198c0de-7a11-7b3c-9d4e-5f60718293a4' });
    for (const other of [
      `${cursor}=`,
      ` ${cursor}`,
      `${cursor}\n`,
      cursor.replace(/.$/, '$&!'),
      `${cursor}AA`,
    ]) {
      expect(refusal('products', other)).toBe('invalid_cursor');
    }
  });

  it('refuses anything else that a client may send', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.base64String(), fc.string({ unit: 'binary', maxLength: 40 })),
        (text) => {
          expect(refusal('products', text)).toBe('invalid_cursor');
        },
      ),
    );
  });

  it('takes cursors of an older key, and of no foreign one', () => {
    const position = { value: 'Hammer', id: '0198c0de-7a11-7b3c-9d4e-5f60718293a4' };
    const cursor = codec.encode('products', position);
    expect(codecWith('new secret', 'first secret').decode('products', cursor)).toEqual(position);
    expect(refusal('products', cursor, codecWith('new secret'))).toBe('invalid_cursor');
  });

  it('does not confuse where the name of the list ends and the position begins', () => {
    const cursor = codec.encode('a', { value: 'b', id: 'c' });
    const payload = Buffer.from(cursor, 'base64url').subarray(16).toString();
    expect(refusal(`a${payload}`, cursor)).toBe('invalid_cursor');
    expect(refusal('', cursor)).toBe('invalid_cursor');
  });
});
