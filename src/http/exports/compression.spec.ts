import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { codingFor, encode } from './compression.js';

describe('codingFor', () => {
  it.each([
    [undefined, 'identity'],
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip', 'gzip'],
    ['identity;q=0', undefined],
  ])('finds for %s %s', (header, coding) => expect(codingFor(header)).toBe(coding));
});

describe('encode', () => {
  it.each([
    ['identity', (bytes: Buffer) => bytes],
    ['gzip', (bytes: Buffer) => gunzipSync(bytes)],
    ['br', (bytes: Buffer) => brotliDecompressSync(bytes)],
  ] as const)('keeps the content, in %s', async (coding, decode) => {
    const encoded = await buffer(encode(Readable.from(['one ', 'two']), coding));
    expect(decode(encoded).toString()).toBe('one two');
  });

  it('breaks where the content does', async () => {
    const content = new Readable({ read: () => undefined });
    const encoded = buffer(encode(content, 'gzip'));
    content.destroy(new Error('broken'));
    await expect(encoded).rejects.toThrow('broken');
  });

  it('ends the content, without an error, when it is given up', async () => {
    const content = new Readable({ read: () => undefined });
    encode(content, 'br').destroy();
    await once(content, 'close');
    expect(content.errored).toBeNull();
  });
});
