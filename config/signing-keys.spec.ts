import { describe, expect, it } from 'vitest';
import { deriveSecret, generateKey, SIGNING_ALGORITHMS, toSigningKey } from './signing-keys.js';

describe('generateKey', () => {
  it.each(SIGNING_ALGORITHMS)('makes a key for %s, with an id of its own', (alg) => {
    const [one, two] = [generateKey(alg), generateKey(alg)];
    expect(one.kid).not.toBe(two.kid);
    expect(toSigningKey(one)).toMatchObject({ kid: one.kid, alg });
    expect(toSigningKey(one).publicKey.equals(toSigningKey(two).publicKey)).toBe(false);
  });
});

describe('deriveSecret', () => {
  const jwk = generateKey('ES256');
  const key = toSigningKey(jwk);

  it('gives every instance the same secret, another one for each purpose and each key', () => {
    const secret = deriveSecret(key, 'cursor');
    expect(secret).toHaveLength(32);
    expect(deriveSecret(toSigningKey({ ...jwk }), 'cursor')).toEqual(secret);
    for (const other of [
      deriveSecret(key, 'refresh'),
      deriveSecret(toSigningKey(generateKey('ES256')), 'cursor'),
    ]) {
      expect(other.equals(secret)).toBe(false);
    }
  });

  it('derives once', () => {
    expect(deriveSecret(key, 'refresh')).toBe(deriveSecret(key, 'refresh'));
    expect(deriveSecret(key, 'cursor')).not.toBe(deriveSecret(key, 'refresh'));
  });
});
