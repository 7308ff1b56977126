import { describe, expect, it } from 'vitest';
import { hashRecoveryCode, newRecoveryCodes } from './recovery-codes.js';

const USER = '0198c0de-7a11-7b3c-9d4e-5f60718293a4';

describe('newRecoveryCodes', () => {
  it('are ten, of 16 letters and digits that nobody mistakes for each other', () => {
    const codes = newRecoveryCodes();
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) expect(code).toMatch(/^[0-9a-hjkmnp-tv-z]{4}(-[0-9a-hjkmnp-tv-z]{4}){3}$/);
  });

  it('use each letter of 32 as often as any other: 5 bits a letter', () => {
    const counts = new Map<string, number>();
    const letters = Array.from({ length: 400 }, newRecoveryCodes).flat().join('').replaceAll('-', '');
    for (const letter of letters) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    expect(counts.size).toBe(32);
    // 64,000 letters: 2,000 of each, with a deviation of 44.
    for (const count of counts.values()) expect(Math.abs(count - 2000)).toBeLessThan(300);
  });
});

describe('hashRecoveryCode', () => {
  const hashOf = (code: string, user = USER) => hashRecoveryCode(user, code).toString('hex');

  it.each([
    'K3F1-X7M0-P8QW-Z4TN',
    'k3f1x7m0p8qwz4tn',
    ' k3f1 x7m0 p8qw z4tn\n',
    'k3fI-x7mO-p8qw-z4tn',
    'k3fl-x7mo-p8qw-z4tn',
  ])('knows a code that was typed as %j', (typed) => {
    expect(hashOf(typed)).toBe(hashOf('k3f1-x7m0-p8qw-z4tn'));
  });

  it('tells codes apart, and users', () => {
    expect(hashOf('k3f1-x7m0-p8qw-z4tm')).not.toBe(hashOf('k3f1-x7m0-p8qw-z4tn'));
    expect(hashOf('k3f1-x7m0-p8qw-z4tn', USER.replace('a4', 'a5'))).not.toBe(hashOf('k3f1-x7m0-p8qw-z4tn'));
    expect(hashRecoveryCode(USER, '')).toHaveLength(32);
  });
});
