import type { PrivateJwk } from './signing-keys.js';

/** A key of a key file, and what has become of it. */
export type StoredKey = PrivateJwk & {
  /** It is known to everybody before it signs. */
  next?: boolean | undefined;
  /** It stays only to open what was sealed with it, and for old cursors. */
  retired?: boolean | undefined;
};

/** A private JWK set (RFC 7517): the first key signs. */
export interface KeySet {
  /** Set on the keys that a laptop makes for itself, so that production can refuse them. */
  development?: boolean | undefined;
  keys: StoredKey[];
}

export type KeyState = 'signs' | 'next' | 'verifies' | 'retired';

export function stateOf(key: StoredKey, { keys }: KeySet): KeyState {
  if (key === keys[0]) return 'signs';
  if (key.retired) return 'retired';
  return key.next ? 'next' : 'verifies';
}

/** The set with one more key, the last: it verifies, and does not sign before it is promoted. */
export function addNextKey(set: KeySet, key: PrivateJwk): KeySet {
  return { ...set, keys: [...set.keys, { ...key, next: true }] };
}

/** The newest of the next keys signs; any other is then one of those that did. Null without a next key. */
export function promoteNextKey(set: KeySet): KeySet | null {
  const promoted = set.keys.findLast((key) => stateOf(key, set) === 'next');
  if (!promoted) return null;
  const others = set.keys.filter((key) => key !== promoted);
  return { ...set, keys: [promoted, ...others].map(withoutNext) };
}

/** Those that no longer sign verify no more, and the next ones wait for their turn. Null if there are none. */
export function retireKeys(set: KeySet): KeySet | null {
  if (!set.keys.some((key) => stateOf(key, set) === 'verifies')) return null;
  const keys = set.keys.map((key) => (stateOf(key, set) === 'verifies' ? { ...key, retired: true } : key));
  return { ...set, keys };
}

function withoutNext({ next: _, ...key }: StoredKey): StoredKey {
  return key;
}
