import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sealer } from './sealing.js';
import { deriveSecret, generateKey, toSigningKey } from './signing-keys.js';
import type { SigningAlgorithm } from './signing-keys.js';

const newKey = (alg: SigningAlgorithm = 'ES256') => toSigningKey(generateKey(alg));

const key = newKey();
const sealer = new Sealer([key]);

/** The same by hand. */
function sealedWith(secret: Buffer, text: string, context: string): string {
  const nonce = Buffer.alloc(12, 7);
  const cipher = createCipheriv('aes-256-gcm', secret, nonce).setAAD(Buffer.from(context));
  const data = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  return ['v1', ...[Buffer.from(key.kid), nonce, data].map((part) => part.toString('base64url'))].join('.');
}

describe('what is sealed', () => {
  it('is opened as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (text, context) => {
        expect(sealer.open(sealer.seal(text, context), context)).toBe(text);
      }),
    );
  });

  it('says the version and the key, and nothing of what it holds', () => {
    const sealed = sealer.seal('JBSWY3DPEHPK3PXP', 'totp:1');
    const [version, ...rest] = sealed.split('.');
    const [kid, nonce, data] = rest.map((part) => Buffer.from(part, 'base64url'));
    expect([version, rest.length, kid?.toString()]).toEqual(['v1', 3, key.kid]);
    expect([nonce?.length, data?.length]).toEqual([12, 16 + 16]);
    expect(data?.toString('latin1')).not.toContain('JBSW');
  });

  it('is never the same twice', () => {
    const all = Array.from({ length: 100 }, () => sealer.seal('x', 'c'));
    expect(new Set(all).size).toBe(100);
    expect(new Set(all.map((sealed) => sealed.split('.')[2])).size).toBe(100);
  });

  it('is opened in its own context only', () => {
    const sealed = sealer.seal('x', 'totp:1');
    for (const context of ['totp:2', 'totp:', '', 'totp:1 ', 'recovery:1']) {
      expect(sealer.open(sealed, context)).toBeNull();
    }
  });

  it('is not opened once any bit of it was changed', () => {
    const parts = sealer.seal('secret', 'c').split('.');
    for (const part of [1, 2, 3]) {
      const bytes = Buffer.from(parts[part] ?? '', 'base64url');
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const changed = Buffer.from(bytes);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(sealer.open(parts.with(part, changed.toString('base64url')).join('.'), 'c')).toBeNull();
      }
    }
  });

  it('has one spelling', () => {
    const sealed = sealer.seal('secret!', 'c');
    const [, kid, nonce, data = ''] = sealed.split('.');
    for (const other of [
      `${sealed}=`,
      `${sealed}\n`,
      ` ${sealed}`,
      `${sealed}.`,
      `${sealed}.AA`,
      sealed.replace('v1', 'v2'),
      sealed.replace('v1', 'V1'),
      `v1.${String(kid)}.${String(nonce)}`,
      `v1.${String(kid)}.${String(nonce)}.${data.slice(0, 20)}`,
      `v1.${String(kid)}..${data}`,
      `v1..${String(nonce)}.${data}`,
    ]) {
      expect(sealer.open(other, 'c'), other).toBeNull();
    }
    // The last letter has bits that decoders skip.
    const endings = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];
    const opened = endings.filter((letter) => sealer.open(sealed.slice(0, -1) + letter, 'c') !== null);
    expect(opened).toEqual([sealed.at(-1)]);
  });

  it('is opened or refused, but never trips over what it is given', () => {
    const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });
    const forged = fc.tuple(bytes(11, 13), bytes(0, 40)).map((parts) => {
      const texts = [Buffer.from(key.kid), ...parts].map((part) => Buffer.from(part).toString('base64url'));
      return ['v1', ...texts].join('.');
    });
    fc.assert(
      fc.property(fc.oneof(fc.string(), forged), (text) => {
        expect(sealer.open(text, 'c')).toBeNull();
      }),
    );
  });

  it('has a bounded size', () => {
    const most = 'x'.repeat(1024 * 1024);
    expect(sealer.open(sealer.seal(most, 'c'), 'c')).toBe(most);
    expect(() => sealer.seal(`${most}x`, 'c')).toThrow(RangeError);
    expect(() => sealer.seal('🦊'.repeat(256 * 1024 + 1), 'c')).toThrow(RangeError);
    expect(
      sealer.open(sealedWith(deriveSecret(key, 'seal'), 'x'.repeat(2 * 1024 * 1024), 'c'), 'c'),
    ).toBeNull();
  });

  it('is AES-256-GCM with a secret that is derived for nothing else', () => {
    expect(sealer.open(sealedWith(deriveSecret(key, 'seal'), 'x', 'c'), 'c')).toBe('x');
    for (const purpose of ['cursor', 'refresh']) {
      expect(sealer.open(sealedWith(deriveSecret(key, purpose), 'x', 'c'), 'c')).toBeNull();
    }
  });
});

describe('after a rotation', () => {
  const [next, stranger] = [newKey('RS256'), newKey()];
  const rotated = new Sealer([next, key]);

  it('what was sealed before is opened, and is not current any more', () => {
    const before = sealer.seal('x', 'c');
    expect(rotated.open(before, 'c')).toBe('x');
    expect([sealer.isCurrent(before), rotated.isCurrent(before)]).toEqual([true, false]);
  });

  it('the first key seals', () => {
    const after = rotated.seal('x', 'c');
    expect(rotated.isCurrent(after)).toBe(true);
    expect(new Sealer([next]).open(after, 'c')).toBe('x');
    expect(sealer.open(after, 'c')).toBeNull();
  });

  it('a key of the same name does not open it', () => {
    const impostor = new Sealer([{ ...stranger, kid: key.kid }]);
    expect(impostor.open(sealer.seal('x', 'c'), 'c')).toBeNull();
  });

  it('garbage is not current', () => {
    for (const text of ['', 'v1', sealer.seal('x', 'c').slice(1)]) expect(sealer.isCurrent(text)).toBe(false);
  });
});

it('without a key nothing is sealed or opened', () => {
  const none = new Sealer([]);
  expect(() => none.seal('x', 'c')).toThrow('no key');
  expect(none.open(sealer.seal('x', 'c'), 'c')).toBeNull();
  expect(none.isCurrent(sealer.seal('x', 'c'))).toBe(false);
});
