import { describe, expect, it } from 'vitest';
import { addNextKey, promoteNextKey, retireKeys, stateOf } from './key-rotation.js';
import type { KeySet } from './key-rotation.js';
import type { PrivateJwk } from './signing-keys.js';

const key = (kid: string): PrivateJwk => ({ kid, alg: 'ES256', d: kid });

/** Such as `A:signs B:next`. */
const text = (set: KeySet | null) =>
  set?.keys.map((one) => `${one.kid}:${stateOf(one, set)}`).join(' ') ?? null;

const first: KeySet = { keys: [key('A')] };
const withNext = addNextKey(first, key('B'));
const promoted = promoteNextKey(withNext) as KeySet;
const retired = retireKeys(promoted) as KeySet;

describe('a rotation', () => {
  it('goes step by step', () => {
    expect([first, withNext, promoted, retired].map(text)).toEqual([
      'A:signs',
      'A:signs B:next',
      'B:signs A:verifies',
      'B:signs A:retired',
    ]);
  });

  it('goes on with the next one', () => {
    const third = promoteNextKey(addNextKey(retired, key('C'))) as KeySet;
    expect(text(third)).toBe('C:signs B:verifies A:retired');
    expect(text(retireKeys(third))).toBe('C:signs B:retired A:retired');
  });

  it('leaves no mark on a key that signs', () => {
    expect(promoted.keys[0]).toEqual(key('B'));
  });

  it('changes nothing of what it is given, and keeps what it does not know', () => {
    expect(first).toEqual({ keys: [key('A')] });
    const marked = { ...withNext, development: true };
    expect(promoteNextKey(marked)).toHaveProperty('development', true);
    expect(retireKeys({ ...promoted, development: true })).toHaveProperty('development', true);
  });
});

describe('promoteNextKey', () => {
  it('needs a next key', () => {
    expect([first, promoted, retired].map(promoteNextKey)).toEqual([null, null, null]);
  });

  it('takes the newest: with it a next key that leaked can be passed over, and retired', () => {
    const passed = promoteNextKey(addNextKey(withNext, key('C'))) as KeySet;
    expect(text(passed)).toBe('C:signs A:verifies B:verifies');
    expect(text(retireKeys(passed))).toBe('C:signs A:retired B:retired');
  });
});

describe('retireKeys', () => {
  it('needs a key that no longer signs', () => {
    expect([first, withNext, retired].map(retireKeys)).toEqual([null, null, null]);
  });

  it('leaves the next key alone', () => {
    expect(text(retireKeys(addNextKey(promoted, key('C'))))).toBe('B:signs A:retired C:next');
  });
});
