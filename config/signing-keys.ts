import { createPrivateKey, createPublicKey, generateKeyPairSync, hkdfSync, randomUUID } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

/** The algorithms that a token may be signed with (RFC 8725, 3.1): asymmetric, and each key has exactly one. */
export const SIGNING_ALGORITHMS = ['ES256', 'RS256'] as const;

export interface SigningKey {
  readonly kid: string;
  readonly alg: (typeof SIGNING_ALGORITHMS)[number];
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const keySetSchema = z.object({
  /** Set on the keys that a laptop makes for itself, so that production can refuse them. */
  development: z.boolean().optional(),
  keys: z
    .array(
      z.looseObject({
        kid: z.string().min(1, 'a key has no kid'),
        alg: z.enum(SIGNING_ALGORITHMS, `alg must be ${SIGNING_ALGORITHMS.join(' or ')}`),
        d: z.string({ error: 'a key has no private part (d)' }),
      }),
    )
    .min(1, 'it holds no key'),
});

/**
 * Reads a private JWK set (RFC 7517): the first key signs, all of them verify.
 * @throws Error with a sentence for people when the file is missing, unreadable or no such key set
 */
export function readSigningKeys(file: string, options: { production: boolean }): SigningKey[] {
  const set = keySetSchema.safeParse(parseFile(file));
  if (!set.success)
    throw new Error(`${file} is no private JWK set: ${set.error.issues.map(describe).join('; ')}`);
  if (options.production && set.data.development === true) {
    throw new Error(
      `${file} holds keys that were generated for development; make new ones with: npm run keys:generate`,
    );
  }
  return set.data.keys.map((jwk) => toSigningKey(jwk, file));
}

/** Makes the keys of a development service once; later starts read the same file, which is never seen half written. */
export function ensureDevelopmentKeys(file: string): void {
  if (existsSync(file)) return;
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify({ development: true, ...generateKeySet() }, null, 2), { mode: 0o600 });
  renameSync(draft, file);
}

/** A private JWK set with one fresh ES256 key. */
export function generateKeySet(): { keys: JsonWebKey[] } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk: JsonWebKey = {
    kid: randomUUID(),
    alg: 'ES256',
    use: 'sig',
    ...privateKey.export({ format: 'jwk' }),
  };
  return { keys: [jwk] };
}

/** A secret for another purpose, derived from a signing key (RFC 5869), so that instances share it without one more setting. */
export function deriveSecret(key: SigningKey, purpose: string): Buffer {
  const material = key.privateKey.export({ format: 'der', type: 'pkcs8' });
  return Buffer.from(hkdfSync('sha256', material, 'stockroom', purpose, 32));
}

function parseFile(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`, {
      cause: error,
    });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is not JSON`, { cause: error });
  }
}

function toSigningKey(jwk: { kid: string; alg: SigningKey['alg'] } & JsonWebKey, file: string): SigningKey {
  try {
    const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
    if (!fits(privateKey, jwk.alg)) throw new Error(`key ${jwk.kid} does not fit ${jwk.alg}`);
    return { kid: jwk.kid, alg: jwk.alg, privateKey, publicKey: createPublicKey(privateKey) };
  } catch (error) {
    throw new Error(`${file}: key ${jwk.kid} cannot be used with ${jwk.alg}`, { cause: error });
  }
}

function fits(key: KeyObject, alg: SigningKey['alg']): boolean {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  return alg === 'ES256'
    ? namedCurve === 'prime256v1'
    : key.asymmetricKeyType === 'rsa' && modulusLength >= 2048;
}

function describe(issue: z.core.$ZodIssue): string {
  return issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`;
}
