import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Any, ApiResponse } from '../support/api-client.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { nowSeconds, resign, toBase64, unsigned } from '../support/tokens.js';

let app: TestApp;
let user: SignedIn;
let genuine: string;
/** The key of the service itself: what it signs is refused for its contents alone. */
let ours: KeyObject;

const { privateKey: theirs, publicKey: theirPublicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

beforeAll(async () => {
  app = await startTestApp();
  user = await app.signIn('customer');
  genuine = user.accessToken;
  ours = (app.config.tokens.keys[0] as { privateKey: KeyObject }).privateKey;
});
afterAll(() => app.close());

function call(token: string): Promise<ApiResponse<Any>> {
  return app.anonymous.get('/v1/users/me', { authorization: `Bearer ${token}` });
}

function expectRefused(answer: ApiResponse<Any>, code = 'unauthenticated'): void {
  expect(answer.status).toBe(401);
  expect(answer.body.code).toBe(code);
  expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
}

/** Keyed with everything that an attacker can read and might hope we take for a secret. */
function hmacSigned(secret: string | Buffer, alg: string): string {
  const text = unsigned(genuine, { header: { alg } });
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

function publicPem(): string {
  return (app.config.tokens.keys[0]?.publicKey.export({ format: 'pem', type: 'spki' }) ?? '') as string;
}

function flip(text: string): string {
  const middle = Math.floor(text.length / 2);
  return text.slice(0, middle) + (text[middle] === 'A' ? 'B' : 'A') + text.slice(middle + 1);
}

const theirJwk = { ...theirPublicKey.export({ format: 'jwk' }), kid: 'theirs' };
const ADMIN_CLAIMS = { role: 'admin', scope: 'users:admin' };

describe('a signature that is not ours is refused', () => {
  const forgeries: Record<string, () => string> = {
    'alg none, without a signature': () => `${unsigned(genuine, { header: { alg: 'none' } })}.`,
    'alg None, in other letters': () => `${unsigned(genuine, { header: { alg: 'nOnE' } })}.`,
    'alg none, with the genuine signature': () =>
      `${unsigned(genuine, { header: { alg: 'none' } })}.${genuine.split('.')[2] ?? ''}`,
    'HS256 with the public key (PEM) as the secret': () => hmacSigned(publicPem(), 'HS256'),
    'HS256 with the public key (DER) as the secret': () =>
      hmacSigned(app.config.tokens.keys[0]?.publicKey.export({ format: 'der', type: 'spki' }) ?? '', 'HS256'),
    'HS256 with an empty secret': () => hmacSigned('', 'HS256'),
    'ES256 in the header, an HMAC behind it': () => hmacSigned(publicPem(), 'ES256'),
    'another key under our kid': () => resign(genuine, theirs),
    'another key, embedded as jwk': () =>
      resign(genuine, theirs, { header: { jwk: theirJwk, kid: 'theirs' } }),
    'another key, embedded as jwk under our kid': () =>
      resign(genuine, theirs, { header: { jwk: theirJwk } }),
    'another key, behind a jku': () =>
      resign(genuine, theirs, { header: { jku: `${app.url}/jwks.json`, kid: 'theirs' } }),
    'another key, behind an x5u': () => resign(genuine, theirs, { header: { x5u: `${app.url}/cert.pem` } }),
    'another key, in an x5c': () =>
      resign(genuine, theirs, { header: { x5c: [theirPublicKey.export({ format: 'der', type: 'spki' })] } }),
    'a payload that was changed': () =>
      `${unsigned(genuine, { claims: ADMIN_CLAIMS })}.${genuine.split('.')[2] ?? ''}`,
    'a signature that was changed': () => `${unsigned(genuine)}.${flip(genuine.split('.')[2] ?? '')}`,
    'a signature of zeros (CVE-2022-21449)': () =>
      `${unsigned(genuine, { claims: ADMIN_CLAIMS })}.${Buffer.alloc(64).toString('base64url')}`,
    'no signature': () => `${unsigned(genuine)}.`,
    'a truncated token': () => genuine.slice(0, -20),
    'two parts': () => unsigned(genuine),
    'five parts': () => `${genuine}.e30.e30`,
  };

  it.each(Object.entries(forgeries))('%s', async (_, forge) => {
    expectRefused(await call(forge()));
  });
});

describe('a header that our tokens do not have is refused, even under our key', () => {
  const headers: Record<string, Record<string, unknown>> = {
    'a kid that no key has': { kid: 'no-such-key' },
    'no kid': { kid: undefined },
    'a kid that is a path': { kid: '../../../../dev/null' },
    'a kid that is no text': { kid: ['x'] },
    'a kid of the prototype': { kid: '__proto__' },
    'an alg that is not that of the key': { alg: 'RS256' },
    'an alg of another curve': { alg: 'ES384' },
    'no alg': { alg: undefined },
    'typ JWT': { typ: 'JWT' },
    'typ of an id token': { typ: 'id+jwt' },
    'no typ': { typ: undefined },
    'a crit that we do not know': { crit: ['exp'] },
    'an empty crit': { crit: [] },
  };

  it.each(Object.entries(headers))('%s', async (_, header) => {
    expectRefused(await call(resign(genuine, ours, { header })));
  });

  it('typ is compared as a media type', async () => {
    expect((await call(resign(genuine, ours, { header: { typ: 'application/AT+JWT' } }))).status).toBe(200);
  });
});

describe('claims that are not right are refused, even under our key', () => {
  const claims: Record<string, () => Record<string, unknown>> = {
    'another issuer': () => ({ iss: 'https://elsewhere.example' }),
    'our issuer with a slash more': () => ({ iss: `${app.config.tokens.issuer}/` }),
    'a list of issuers': () => ({ iss: [app.config.tokens.issuer] }),
    'no issuer': () => ({ iss: undefined }),
    'another audience': () => ({ aud: 'warehouse' }),
    'a list of other audiences': () => ({ aud: ['warehouse', 'stockroom2'] }),
    'an empty list of audiences': () => ({ aud: [] }),
    'no audience': () => ({ aud: undefined }),
    'not valid yet': () => ({ nbf: nowSeconds() + 60 }),
    'an nbf that is no number': () => ({ nbf: 'tomorrow' }),
    'no expiry': () => ({ exp: undefined }),
    'an expiry that is no number': () => ({ exp: '9999999999' }),
    'no subject': () => ({ sub: undefined }),
    'a subject that is no UUID': () => ({ sub: 'admin' }),
    'a subject that is no text': () => ({ sub: { id: 1 } }),
    'no session': () => ({ sid: undefined }),
    'a session that is no UUID': () => ({ sid: 'my-session' }),
    'an unknown role': () => ({ role: 'owner' }),
    'a role of the prototype': () => ({ role: 'toString' }),
    'no role': () => ({ role: undefined }),
  };

  it.each(Object.entries(claims))('%s', async (_, change) => {
    expectRefused(await call(resign(genuine, ours, { claims: change() })));
  });

  it('expired says so', async () => {
    expectRefused(await call(resign(genuine, ours, { claims: { exp: nowSeconds() - 1 } })), 'token_expired');
  });

  it('an expired token of another key is only invalid', async () => {
    expectRefused(await call(resign(genuine, theirs, { claims: { exp: nowSeconds() - 1 } })));
  });

  it('an audience in a list with others is ours (RFC 7519, 4.1.3)', async () => {
    const { status } = await call(resign(genuine, ours, { claims: { aud: ['warehouse', 'stockroom'] } }));
    expect(status).toBe(200);
  });

  it('an nbf in the past is fine', async () => {
    expect((await call(resign(genuine, ours, { claims: { nbf: nowSeconds() - 5 } }))).status).toBe(200);
  });
});

describe('what is no token at all is refused', () => {
  const signature = Buffer.alloc(64).toString('base64url');
  const texts: Record<string, string> = {
    'a word': 'hello',
    dots: '..',
    'a header that is null': `${toBase64(null)}.${toBase64({})}.${signature}`,
    'a header that is a number': `${toBase64(1)}.${toBase64({})}.${signature}`,
    'a header that is a list': `${toBase64([])}.${toBase64({})}.${signature}`,
    'a header that is no JSON': `${Buffer.from('{').toString('base64url')}.${toBase64({})}.${signature}`,
    '12,000 characters': 'a'.repeat(12_000),
    '12,000 characters in three parts': `${'a'.repeat(4000)}.${'b'.repeat(4000)}.${'c'.repeat(4000)}`,
    'a refresh token': `rt_${'A'.repeat(86)}`,
  };

  it.each(Object.entries(texts))('%s', async (_, text) => {
    expectRefused(await call(text));
  });

  it('a null payload under our key', async () => {
    const header = genuine.split('.')[0] ?? '';
    const text = `${header}.${toBase64(null)}`;
    const signed = sign('sha256', Buffer.from(text), { key: ours, dsaEncoding: 'ieee-p1363' });
    expectRefused(await call(`${text}.${signed.toString('base64url')}`));
  });
});

describe('the scheme', () => {
  it.each(['Bearer', 'bearer', 'BEARER'])(
    '%s is accepted: schemes have no case (RFC 9110, 11.1)',
    async (scheme) => {
      const { status } = await app.anonymous.get('/v1/users/me', { authorization: `${scheme} ${genuine}` });
      expect(status).toBe(200);
    },
  );

  it.each([
    ['Basic', () => `Basic ${Buffer.from(`${user.email}:x`).toString('base64')}`],
    ['another scheme with a genuine token', () => `Token ${genuine}`],
    ['no scheme', () => genuine],
    ['Bearer without a token', () => 'Bearer'],
    ['an empty header', () => ''],
  ])('%s is no credential', async (_, header) => {
    const { status, body, headers } = await app.anonymous.get('/v1/users/me', { authorization: header() });
    expect([status, body.code, headers.get('www-authenticate')]).toEqual([401, 'unauthenticated', 'Bearer']);
  });

  it('words after the token make it another credential', async () => {
    expectRefused(await call(`${genuine} and more`));
  });

  it.each(['access_token', 'token', 'auth_token', 'jwt'])('?%s= is not looked at', async (name) => {
    const { status, headers } = await app.anonymous.get(`/v1/users/me?${name}=${genuine}`);
    expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  });

  it('a public route does not mind a bad token', async () => {
    expect((await app.anonymous.get('/health/live', { authorization: 'Bearer x' })).status).toBe(200);
  });
});
