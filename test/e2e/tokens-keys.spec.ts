import { generateKeyPairSync, randomUUID } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLocalJWKSet, jwtVerify } from 'jose';
import type { JSONWebKeySet } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { decodeToken, resign } from '../support/tokens.js';

const folder = mkdtempSync(join(tmpdir(), 'stockroom-keys-'));
const ec = newKey('ES256');
const rsa = newKey('RS256');
let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true });
});

function newKey(alg: 'ES256' | 'RS256'): { jwk: JsonWebKey; privateKey: KeyObject } {
  const { privateKey } =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { privateKey, jwk: { kid: randomUUID(), alg, use: 'sig', ...privateKey.export({ format: 'jwk' }) } };
}

/** The service with these keys, the first of which signs, for the time of one use. */
async function withKeys<T>(keys: { jwk: JsonWebKey }[], use: (app: TestApp) => Promise<T>): Promise<T> {
  const file = join(folder, `${randomUUID()}.json`);
  writeFileSync(file, JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }));
  const app = await startTestApp({ JWT_KEYS_FILE: file }, { databaseUrl: database.url });
  try {
    return await use(app);
  } finally {
    await app.close();
  }
}

function callMe(app: TestApp, token: string) {
  return app.anonymous.withToken(token).get('/v1/users/me');
}

describe('key rotation', () => {
  it('signs nobody out: a token of the key that signed before is still good', async () => {
    const before = await withKeys([ec], (app) => app.signIn('customer'));
    await withKeys([rsa, ec], async (app) => {
      expect((await callMe(app, before.accessToken)).body.id).toBe(before.id);
      const refreshed = await app.anonymous.post<{ access_token: string }>('/v1/auth/refresh', {
        refresh_token: before.refreshToken,
      });
      expect(decodeToken(refreshed.body.access_token).header).toEqual({
        alg: 'RS256',
        kid: rsa.jwk.kid,
        typ: 'at+jwt',
      });
      expect((await callMe(app, refreshed.body.access_token)).status).toBe(200);
    });
  });

  it('ends when the old key leaves the set', async () => {
    const before = await withKeys([ec], (app) => app.signIn('customer'));
    await withKeys([rsa], async (app) => {
      expect((await callMe(app, before.accessToken)).status).toBe(401);
    });
  });

  it('a key answers for its own kid and algorithm only', async () => {
    await withKeys([ec, rsa], async (app) => {
      const { accessToken } = await app.signIn('customer');
      const swapped = [
        resign(accessToken, ec.privateKey, { header: { kid: rsa.jwk.kid } }),
        resign(accessToken, ec.privateKey, { header: { kid: rsa.jwk.kid, alg: 'RS256' } }),
        resign(accessToken, rsa.privateKey, { header: { kid: ec.jwk.kid, alg: 'RS256' } }),
        resign(accessToken, rsa.privateKey, { header: { kid: rsa.jwk.kid, alg: 'ES256' } }),
      ];
      const answers = await Promise.all(swapped.map((token) => callMe(app, token)));
      expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
      const fitting = resign(accessToken, rsa.privateKey, { header: { kid: rsa.jwk.kid, alg: 'RS256' } });
      expect((await callMe(app, fitting)).status).toBe(200);
    });
  });
});

describe('two services in one process', () => {
  it('have each their own keys', async () => {
    await withKeys([ec], (one) =>
      withKeys([rsa], async (other) => {
        const [mine, yours] = [await one.signIn('customer'), await other.signIn('customer')];
        const answers = await Promise.all([
          callMe(one, mine.accessToken),
          callMe(other, yours.accessToken),
          callMe(one, yours.accessToken),
          callMe(other, mine.accessToken),
        ]);
        expect(answers.map(({ status }) => status)).toEqual([200, 200, 401, 401]);
      }),
    );
  });
});

describe('GET /.well-known/jwks.json', () => {
  it('holds the public halves of all keys and nothing private, and anybody can verify a token with it', async () => {
    await withKeys([ec, rsa], async (app) => {
      const { status, headers, text, body } = await app.anonymous.get('/.well-known/jwks.json');
      expect(status).toBe(200);
      expect(headers.get('content-type')).toMatch(/^application\/(jwk-set\+)?json/);
      expect(headers.get('cache-control')).toBe('public, max-age=300');
      const { keys } = body as unknown as { keys: Record<string, string>[] };
      expect(keys.map((key) => Object.keys(key).sort())).toEqual([
        ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
        ['alg', 'e', 'kid', 'kty', 'n', 'use'],
      ]);
      expect(keys.map(({ kid }) => kid)).toEqual([ec.jwk.kid, rsa.jwk.kid]);
      for (const secret of [ec.jwk.d, rsa.jwk.d, rsa.jwk.p]) expect(text).not.toContain(secret);

      const etag = String(headers.get('etag'));
      expect(etag).toMatch(/^"[\w-]+"$/);
      const again = await app.anonymous.get('/.well-known/jwks.json', { 'if-none-match': etag });
      expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', etag]);
      expect(again.headers.get('cache-control')).toBe('public, max-age=300');

      const { id, accessToken } = await app.signIn('manager');
      const keySet = createLocalJWKSet(body as unknown as JSONWebKeySet);
      const { payload } = await jwtVerify(accessToken, keySet, {
        issuer: 'http://stockroom.test',
        audience: 'stockroom',
        typ: 'at+jwt',
      });
      expect(payload.sub).toBe(id);
    });
  });
});

describe('the ETag of the keys', () => {
  const etagWith = (keys: { jwk: JsonWebKey }[]) =>
    withKeys(keys, async ({ anonymous }) =>
      (await anonymous.get('/.well-known/jwks.json')).headers.get('etag'),
    );

  it('is the same on every instance, and another one once the keys are others', async () => {
    const etag = await etagWith([ec, rsa]);
    expect(await etagWith([ec, rsa])).toBe(etag);
    for (const others of [[ec], [rsa, ec]]) expect(await etagWith(others)).not.toBe(etag);
  });
});

describe('an access token', () => {
  it('has the claims of RFC 9068, and lives for 15 minutes', async () => {
    await withKeys([ec], async (app) => {
      const { id, accessToken } = await app.signIn('customer');
      const { header, claims } = decodeToken(accessToken);
      expect(header).toEqual({ alg: 'ES256', kid: ec.jwk.kid, typ: 'at+jwt' });
      expect(Object.keys(claims).sort()).toEqual([
        'aud',
        'email_verified',
        'exp',
        'iat',
        'iss',
        'jti',
        'role',
        'scope',
        'sid',
        'sub',
      ]);
      expect(claims).toMatchObject({
        iss: 'http://stockroom.test',
        aud: 'stockroom',
        sub: id,
        role: 'customer',
        scope: 'products:read orders:read orders:write',
      });
      expect(Number(claims.exp) - Number(claims.iat)).toBe(900);
    });
  });
});
