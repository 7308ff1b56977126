import { createHash, createHmac, randomBytes } from 'node:crypto';
import { parse as parseUuid, stringify as toUuid } from 'uuid';
import { deriveSecret } from '../../../config/index.js';
import type { SigningKey } from '../../../config/index.js';

/**
 * What a refresh token is made of: `rt_` and the base64url of session id (16 bytes), family secret (16) and rotating
 * secret (32). The family part never changes, so a token that was replaced can be told from one that was made up.
 */
export interface RefreshToken {
  readonly sessionId: string;
  readonly family: Buffer;
  readonly secret: Buffer;
}

const PREFIX = 'rt_';
const BYTES = 64;

export function newRefreshToken(sessionId: string): RefreshToken {
  return { sessionId, family: randomBytes(16), secret: randomBytes(32) };
}

/** The token that replaces this one: the same each time, so that a repeated refresh gets the answer that was lost. */
export function nextRefreshToken(token: RefreshToken, key: SigningKey): RefreshToken {
  const secret = createHmac('sha256', deriveSecret(key, 'refresh')).update(token.secret).digest();
  return { ...token, secret };
}

export function formatRefreshToken({ sessionId, family, secret }: RefreshToken): string {
  return PREFIX + Buffer.concat([parseUuid(sessionId), family, secret]).toString('base64url');
}

/** Null for anything that is no refresh token of ours. */
export function parseRefreshToken(text: string): RefreshToken | null {
  if (!text.startsWith(PREFIX)) return null;
  const bytes = Buffer.from(text.slice(PREFIX.length), 'base64url');
  if (bytes.length !== BYTES || bytes.toString('base64url') !== text.slice(PREFIX.length)) return null;
  try {
    const sessionId = toUuid(bytes.subarray(0, 16));
    return { sessionId, family: bytes.subarray(16, 32), secret: bytes.subarray(32) };
  } catch {
    // Sixteen bytes that are no UUID: nobody's session.
    return null;
  }
}

/** The secrets have 128 bits and more, so a plain hash is enough to store them. */
export function hashSecret(secret: Buffer): Buffer {
  return createHash('sha256').update(secret).digest();
}
