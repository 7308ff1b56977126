import { sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

type Part = Readonly<Record<string, unknown>>;

export interface Forgery {
  /** Replaces members of the header; undefined takes one away. */
  readonly header?: Part;
  /** Replaces claims; undefined takes one away. */
  readonly claims?: Part;
}

/** What is written in a token, whoever signed it. */
export function decodeToken(token: string): { header: Part; claims: Part } {
  const [header = '', claims = ''] = token.split('.');
  return { header: fromBase64(header), claims: fromBase64(claims) };
}

export function sessionIdOf(token: string): string {
  return String(decodeToken(token).claims.sid);
}

/** A genuine token with changes, before it is signed. */
export function unsigned(genuine: string, { header, claims }: Forgery = {}): string {
  const parts = decodeToken(genuine);
  return `${toBase64({ ...parts.header, ...header })}.${toBase64({ ...parts.claims, ...claims })}`;
}

/** A genuine token with changes, signed with this key as its type wants it. */
export function resign(genuine: string, key: KeyObject, forgery: Forgery = {}): string {
  const text = unsigned(genuine, forgery);
  const ecdsa = key.asymmetricKeyType === 'ec';
  const signature = sign('sha256', Buffer.from(text), ecdsa ? { key, dsaEncoding: 'ieee-p1363' } : key);
  return `${text}.${signature.toString('base64url')}`;
}

export function toBase64(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function fromBase64(text: string): Part {
  return JSON.parse(Buffer.from(text, 'base64url').toString()) as Part;
}

/** Seconds since 1970, as JWTs count time. */
export const nowSeconds = () => Math.floor(Date.now() / 1000);
