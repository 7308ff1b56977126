import { createPrivateKey, createPublicKey, generateKeyPairSync, hkdfSync, randomUUID } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';

/** The algorithms that a token may be signed with (RFC 8725, 3.1): asymmetric, and each key has exactly one. */
export const SIGNING_ALGORITHMS = ['ES256', 'RS256'] as const;

export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

export interface SigningKey {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** A private key as a file holds it (RFC 7517). */
export type PrivateJwk = JsonWebKey & { kid: string; alg: SigningAlgorithm; d: string };

/** A private JWK set with one fresh key. */
export function generateKeySet(alg?: SigningAlgorithm): { keys: PrivateJwk[] } {
  return { keys: [generateKey(alg)] };
}

export function generateKey(alg: SigningAlgorithm = 'ES256'): PrivateJwk {
  const { privateKey } =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { kid: randomUUID(), alg, use: 'sig', ...privateKey.export({ format: 'jwk' }) } as PrivateJwk;
}

/** @throws Error with a sentence for people when the key is broken, too weak or of another kind than `alg` wants */
export function toSigningKey(jwk: PrivateJwk): SigningKey {
  try {
    const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
    if (!fits(privateKey, jwk.alg)) throw new Error(`${jwk.kid} is no key for ${jwk.alg}`);
    return { kid: jwk.kid, alg: jwk.alg, privateKey, publicKey: createPublicKey(privateKey) };
  } catch (error) {
    throw new Error(`key ${jwk.kid} cannot be used with ${jwk.alg}`, { cause: error });
  }
}

function fits(key: KeyObject, alg: SigningAlgorithm): boolean {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  return alg === 'ES256'
    ? namedCurve === 'prime256v1'
    : key.asymmetricKeyType === 'rsa' && modulusLength >= 2048;
}

const derived = new WeakMap<SigningKey, Map<string, Buffer>>();

/**
 * A secret for another purpose, derived from a signing key (RFC 5869), so that instances share it without one more
 * setting. Derived once: it is asked for at every refresh.
 */
export function deriveSecret(key: SigningKey, purpose: string): Buffer {
  const secrets = derived.get(key) ?? new Map<string, Buffer>();
  derived.set(key, secrets);
  const known = secrets.get(purpose);
  if (known) return known;
  const material = key.privateKey.export({ format: 'der', type: 'pkcs8' });
  const secret = Buffer.from(hkdfSync('sha256', material, 'stockroom', purpose, 32));
  secrets.set(purpose, secret);
  return secret;
}
