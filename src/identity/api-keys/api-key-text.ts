import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a key is made of: `sr_`, its id as 32 hex digits, `_`, and the base64url of 32 random bytes. */
export interface PresentedKey {
  readonly id: string;
  readonly secret: string;
}

const KEY = /^sr_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** By which a key is recognised in a list and in a configuration file; not secret. */
export function prefixOf(id: string): string {
  return `sr_${id.replaceAll('-', '')}`;
}

export function formatKey({ id, secret }: PresentedKey): string {
  return `${prefixOf(id)}_${secret}`;
}

/** Null for anything that is no key of ours. */
export function parseKey(text: string): PresentedKey | null {
  const match = KEY.exec(text);
  if (!match) return null;
  const [, ...parts] = match;
  return { id: parts.slice(0, 5).join('-'), secret: parts[5] ?? '' };
}

/** The secret has 256 bits, so a plain hash is enough to store it. */
export function hashSecret(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

export function isSecretOf(secretHash: Buffer, secret: string): boolean {
  return timingSafeEqual(secretHash, hashSecret(secret));
}
