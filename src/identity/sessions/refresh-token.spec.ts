import { generateKeyPairSync, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, it } from 'vitest';
import type { SigningKey } from '../../../config/index.js';
import {
  formatRefreshToken,
  hashSecret,
  newRefreshToken,
  nextRefreshToken,
  parseRefreshToken,
} from './refresh-token.js';

const newKey = (): SigningKey => ({
  kid: 'k',
  alg: 'ES256',
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }),
});

describe('a refresh token', () => {
  it('is read as it was written', () => {
    const token = newRefreshToken(uuidv7());
    expect(parseRefreshToken(formatRefreshToken(token))).toEqual(token);
  });

  it('is never the same twice', () => {
    const id = uuidv7();
    expect(formatRefreshToken(newRefreshToken(id))).not.toBe(formatRefreshToken(newRefreshToken(id)));
  });

  it('has one spelling only', () => {
    const text = formatRefreshToken(newRefreshToken(uuidv7()));
    for (const other of [
      `${text}=`,
      ` ${text}`,
      `${text}\n`,
      text.slice(3),
      `RT_${text.slice(3)}`,
      `${text}AA`,
    ]) {
      expect(parseRefreshToken(other)).toBeNull();
    }
  });

  it('is read or refused, but never trips over what it is given', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.uint8Array({ minLength: 64, maxLength: 64 })), (input) => {
        const text = typeof input === 'string' ? input : Buffer.from(input).toString('base64url');
        const token = parseRefreshToken(`rt_${text}`);
        expect(token === null || formatRefreshToken(token) === `rt_${text}`).toBe(true);
      }),
    );
  });
});

describe('the next refresh token', () => {
  const token = newRefreshToken(uuidv7());
  const key = newKey();

  it('is of the same session and family, with another secret', () => {
    const next = nextRefreshToken(token, key);
    expect([next.sessionId, next.family]).toEqual([token.sessionId, token.family]);
    expect(next.secret).toHaveLength(32);
    expect(next.secret.equals(token.secret)).toBe(false);
  });

  it('is the same each time', () => {
    expect(nextRefreshToken(token, key)).toEqual(nextRefreshToken(token, key));
  });

  it('cannot be told without the key, nor from another token', () => {
    const next = nextRefreshToken(token, key).secret;
    const others = [
      nextRefreshToken(token, newKey()).secret,
      nextRefreshToken({ ...token, secret: randomBytes(32) }, key).secret,
      hashSecret(token.secret),
    ];
    for (const other of others) expect(next.equals(other)).toBe(false);
  });
});
