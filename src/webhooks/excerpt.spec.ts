import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { excerptOf } from './excerpt.js';

const bodyOf = (...chunks: (string | Buffer)[]) => Readable.from(chunks.map((chunk) => Buffer.from(chunk)));

describe('excerptOf', () => {
  it('is the text, or null without one', async () => {
    expect(await excerptOf(bodyOf('thank ', 'you'))).toBe('thank you');
    expect(await excerptOf(bodyOf())).toBeNull();
  });

  it('is the first 1024 bytes', async () => {
    expect(await excerptOf(bodyOf('a'.repeat(1000), 'b'.repeat(1000)))).toBe(
      'a'.repeat(1000) + 'b'.repeat(24),
    );
  });

  it('can be kept by PostgreSQL, whatever came', async () => {
    const text = await excerptOf(bodyOf(Buffer.from([0, 0xff, 0xed, 0xa0, 0x80, 0x41])));
    expect(text).toMatch(/^\u{fffd}+A$/u);
    expect(text?.isWellFormed()).toBe(true);
  });

  it('reads no further than 64 kB of a body without an end, and gives it up', async () => {
    let read = 0;
    let isGivenUp = false;
    async function* endless() {
      try {
        for (;;) {
          read += 16_384;
          yield await Promise.resolve(Buffer.alloc(16_384, 'x'));
        }
      } finally {
        isGivenUp = true;
      }
    }
    expect(await excerptOf(endless())).toBe('x'.repeat(1024));
    expect(read).toBeLessThanOrEqual(81_920);
    expect(isGivenUp).toBe(true);
  });

  it('is what came of a body that broke off', async () => {
    async function* broken() {
      yield await Promise.resolve(Buffer.from('thank'));
      throw new Error('aborted');
    }
    expect(await excerptOf(broken())).toBe('thank');
  });
});
