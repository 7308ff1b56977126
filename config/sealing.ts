import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { deriveSecret } from './signing-keys.js';
import type { SigningKey } from './signing-keys.js';

const CIPHER = 'aes-256-gcm';
/** NIST SP 800-38D, 8.2: random nonces of 96 bits. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** An answer of the API at most; whatever is longer is a mistake or an attack. */
const MAX_PLAINTEXT_BYTES = 1024 * 1024;
const MAX_SEALED_LENGTH = 2 * MAX_PLAINTEXT_BYTES;

const SEALED = /^v1\.([\w-]+)\.([\w-]+)\.([\w-]+)$/;

interface Sealed {
  readonly kid: string;
  readonly nonce: Buffer;
  /** Ciphertext and tag. */
  readonly data: Buffer;
}

/**
 * Seals secrets that must be read again, such as those of two-step sign-in, before they go to the database: as
 * `v1.<kid>.<nonce>.<ciphertext and tag>`, with a key derived from the signing key of that kid. The context says whose
 * secret it is, so that nobody gains by copying it to another row.
 *
 *     sealer.seal(secret, `totp:${user.id}`)
 */
export class Sealer {
  private readonly keys: ReadonlyMap<string, SigningKey>;

  /** The first key seals, all of them open. */
  constructor(keys: readonly SigningKey[]) {
    this.keys = new Map(keys.map((key) => [key.kid, key]));
  }

  seal(plaintext: string, context: string): string {
    const [key] = this.keys.values();
    if (!key) throw new Error('There is no key to seal with');
    if (Buffer.byteLength(plaintext) > MAX_PLAINTEXT_BYTES) throw new RangeError('Too long to be sealed');
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, deriveSecret(key, 'seal'), nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(context));
    const data = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return format({ kid: key.kid, nonce, data });
  }

  /** Null for what was changed, was sealed for another context, or with a key that is not in the file any more. */
  open(sealed: string, context: string): string | null {
    const parts = parse(sealed);
    const key = parts && this.keys.get(parts.kid);
    if (!key) return null;
    const { nonce, data } = parts;
    const decipher = createDecipheriv(CIPHER, deriveSecret(key, 'seal'), nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(context)).setAuthTag(data.subarray(-TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(data.subarray(0, -TAG_BYTES)), decipher.final()]).toString();
    } catch {
      return null;
    }
  }

  /** Whether the key that signs now has sealed it; what is not current should be opened and sealed anew. */
  isCurrent(sealed: string): boolean {
    const [current] = this.keys.keys();
    return current !== undefined && parse(sealed)?.kid === current;
  }
}

function format({ kid, nonce, data }: Sealed): string {
  const parts = [Buffer.from(kid), nonce, data].map((part) => part.toString('base64url'));
  return ['v1', ...parts].join('.');
}

/** Null for anything that is not exactly as `format` writes it. */
function parse(sealed: string): Sealed | null {
  const match = sealed.length > MAX_SEALED_LENGTH ? null : SEALED.exec(sealed);
  if (!match) return null;
  const [kid, nonce, data] = match.slice(1).map((part) => Buffer.from(part, 'base64url')) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  const parts = { kid: kid.toString(), nonce, data };
  if (nonce.length !== NONCE_BYTES || data.length < TAG_BYTES) return null;
  return format(parts) === sealed ? parts : null;
}
