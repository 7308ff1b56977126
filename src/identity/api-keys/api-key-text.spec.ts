import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { formatKey, hashSecret, isSecretOf, newSecret, parseKey, prefixOf } from './api-key-text.js';

const ID = '0198c0de-7a11-7b3c-9d4e-5f60718293a4';
const SECRET = 'A_-b'.repeat(10) + 'xyz';
const KEY = `sr_0198c0de7a117b3c9d4e5f60718293a4_${SECRET}`;

describe('a key', () => {
  it('is made of its prefix and its secret, and parsed into them, also where the secret holds the separator', () => {
    expect(formatKey({ id: ID, secret: SECRET })).toBe(KEY);
    expect(prefixOf(ID)).toBe('sr_0198c0de7a117b3c9d4e5f60718293a4');
    expect(parseKey(KEY)).toEqual({ id: ID, secret: SECRET });
  });

  it('has a secret of 256 random bits', () => {
    const secrets = new Set(Array.from({ length: 100 }, newSecret));
    expect(secrets.size).toBe(100);
    for (const secret of secrets) {
      expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
      expect(parseKey(formatKey({ id: ID, secret }))).toEqual({ id: ID, secret });
    }
  });

  it.each([
    '',
    'sr_',
    KEY.slice(0, -1),
    `${KEY}A`,
    `${KEY}\n`,
    ` ${KEY}`,
    KEY.toUpperCase(),
    KEY.replace('c0de', 'C0DE'),
    KEY.replace('c0de', 'c0dg'),
    KEY.replace('sr_', 'sk_'),
    KEY.replace(/_/g, '-'),
    KEY.slice(0, -1) + '=',
    KEY.slice(0, -1) + 'ä',
    `${KEY}, ${KEY}`,
  ])('is not %j', (text) => {
    expect(parseKey(text)).toBeNull();
  });
});

describe('the hash of a secret', () => {
  it('is its SHA-256, and fits no other', () => {
    const hash = hashSecret(SECRET);
    expect(hash).toEqual(createHash('sha256').update(SECRET).digest());
    expect(isSecretOf(hash, SECRET)).toBe(true);
    expect(isSecretOf(hash, SECRET.toLowerCase())).toBe(false);
    // The last character of 32 bytes in base64url has two bits that a decoder would overlook.
    expect(isSecretOf(hashSecret('A'.repeat(43)), 'A'.repeat(42) + 'B')).toBe(false);
  });
});
