import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { sessionIdOf } from '../support/tokens.js';

let app: TestApp;
let twin: TestApp;
/** The same service with the longest grace, on the same database. */
let gracious: TestApp;

beforeAll(async () => {
  app = await startTestApp();
  twin = await startTestApp({}, { databaseUrl: app.config.database.url });
  gracious = await startTestApp({ REFRESH_GRACE_SECONDS: '10' }, { databaseUrl: app.config.database.url });
});
afterAll(async () => {
  await gracious.close();
  await twin.close();
  await app.close();
});

const refresh = (refresh_token: unknown, at = app) =>
  at.anonymous.post('/v1/auth/refresh', { refresh_token });

async function refreshed(token: string, at = app): Promise<string> {
  const { status, body } = await refresh(token, at);
  expect(status).toBe(200);
  return String(body.refresh_token);
}

/** Makes the session of the token older, as if time had passed. */
async function age(accessToken: string, by: string) {
  // The account is older than any of its sessions.
  await app.dataSource.query(
    `UPDATE users SET sessions_valid_from = now() - interval '1 year'
     WHERE id = (SELECT user_id FROM sessions WHERE id = $1)`,
    [sessionIdOf(accessToken)],
  );
  await app.dataSource.query(
    `UPDATE sessions SET created_at = created_at - $2::interval, last_used_at = last_used_at - $2::interval,
       expires_at = expires_at - $2::interval WHERE id = $1`,
    [sessionIdOf(accessToken), by],
  );
}

describe('POST /v1/auth/refresh', () => {
  it('answers new tokens of the same session, never to be stored', async () => {
    const { accessToken, refreshToken, id } = await app.signIn('customer');
    const { status, headers, body } = await refresh(refreshToken);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 900 });
    expect(body.refresh_token).not.toBe(refreshToken);
    expect(sessionIdOf(String(body.access_token))).toBe(sessionIdOf(accessToken));
    const me = await app.anonymous.withToken(String(body.access_token)).get('/v1/users/me');
    expect(me.body.id).toBe(id);
  });

  it('goes on from token to token', async () => {
    let { refreshToken } = await app.signIn('customer');
    for (let n = 0; n < 5; n += 1) refreshToken = await refreshed(refreshToken);
  });

  it('gives the role that the user has by now', async () => {
    const admin = await app.signIn('admin');
    const { id, refreshToken } = await app.signIn('customer');
    await admin.api.patch(`/v1/users/${id}`, { role: 'manager' });
    expect((await refresh(refreshToken)).body.scope).toContain('products:write');
  });

  it.each([
    ['deactivated', (path: string) => ['patch', path, { is_active: false }] as const],
    ['deleted', (path: string) => ['delete', path] as const],
  ])('is refused to who was %s', async (_, change) => {
    const admin = await app.signIn('admin');
    const { id, refreshToken } = await app.signIn('customer');
    const [method, path, body] = change(`/v1/users/${id}`);
    await admin.api.send(method.toUpperCase(), path, body);
    expect((await refresh(refreshToken)).status).toBe(401);
  });

  it('is refused after a deactivation even if the user is active again', async () => {
    const admin = await app.signIn('admin');
    const { id, refreshToken } = await app.signIn('customer');
    await admin.api.patch(`/v1/users/${id}`, { is_active: false });
    await admin.api.patch(`/v1/users/${id}`, { is_active: true });
    expect((await refresh(refreshToken)).status).toBe(401);
  });
});

describe('a refresh token that was used before', () => {
  it('is refused, and ends the session of whoever has the next one', async () => {
    const { refreshToken: stolen } = await app.signIn('customer');
    const next = await refreshed(stolen);
    const replay = await refresh(stolen);
    expect([replay.status, replay.body.code]).toEqual([401, 'invalid_credentials']);
    expect((await refresh(next)).status).toBe(401);
  });

  it('ends the session also when it is the one before the last', async () => {
    const { refreshToken: first } = await app.signIn('customer');
    const third = await refreshed(await refreshed(first));
    expect((await refresh(first)).status).toBe(401);
    expect((await refresh(third)).status).toBe(401);
  });

  it('ends no other session of the user', async () => {
    const { email, refreshToken } = await app.signIn('customer');
    const login = { email, password: 'a passphrase for the tests' };
    const other = await app.anonymous.post('/v1/auth/login', login);
    await refreshed(refreshToken);
    await refresh(refreshToken);
    expect((await refresh(other.body.refresh_token)).status).toBe(200);
  });

  it('of fifty simultaneous uses, on two instances, exactly one is answered', async () => {
    const { refreshToken } = await app.signIn('customer');
    const use = (_: unknown, n: number) => refresh(refreshToken, n % 2 === 0 ? app : twin);
    const answers = await Promise.all(Array.from({ length: 50 }, use));
    const statuses = answers
      .map(({ status, body }) => (status === 200 ? '200' : `${status} ${body.code}`))
      .sort();
    expect(statuses).toEqual(['200', ...Array<string>(49).fill('401 invalid_credentials')]);
  });
});

describe('a refresh token that was never given out', () => {
  it('does not end the session whose id it names', async () => {
    const { accessToken, refreshToken } = await app.signIn('customer');
    const id = Buffer.from(sessionIdOf(accessToken).replaceAll('-', ''), 'hex');
    for (let n = 0; n < 3; n += 1) {
      const forged = `rt_${Buffer.concat([id, randomBytes(48)]).toString('base64url')}`;
      expect(forged).toHaveLength(refreshToken.length);
      expect((await refresh(forged)).status).toBe(401);
      expect((await app.anonymous.post('/v1/auth/logout', { refresh_token: forged })).status).toBe(204);
    }
    await refreshed(refreshToken);
  });

  it.each([
    ['a word', 'garbage'],
    ['nothing', ''],
    ['the prefix', 'rt_'],
    ['zeros', `rt_${Buffer.alloc(64).toString('base64url')}`],
    ['ones', `rt_${Buffer.alloc(64, 255).toString('base64url')}`],
    ['random bytes', `rt_${randomBytes(64).toString('base64url')}`],
    ['a UUID', randomUUID()],
    ['an emoji', '🦊'],
  ])('%s is 401', async (_, token) => {
    const { status, body } = await refresh(token);
    expect([status, body.code]).toEqual([401, 'invalid_credentials']);
  });

  it('another spelling of a genuine one is 401, and ends nothing', async () => {
    const { refreshToken } = await app.signIn('customer');
    for (const spelling of [
      `${refreshToken}=`,
      `${refreshToken} `,
      refreshToken.toUpperCase(),
      `${refreshToken}A`,
    ]) {
      expect((await refresh(spelling)).status).toBe(401);
    }
    await refreshed(refreshToken);
  });

  it('an access token is none', async () => {
    const { accessToken } = await app.signIn('customer');
    expect((await refresh(accessToken)).status).toBeGreaterThanOrEqual(401);
  });

  it.each([undefined, null, 1, ['x'], {}, 'x'.repeat(10_000)])(
    '%j is no text of its length: 422',
    async (value) => {
      expect((await refresh(value)).status).toBe(422);
    },
  );
});

describe('a session', () => {
  it.each([
    ['29 days idle', '29 days 23 hours', 200],
    ['more than 30 days idle', '30 days 1 second', 401],
  ] as const)('that is %s', async (_, by, status) => {
    const { accessToken, refreshToken } = await app.signIn('customer');
    await age(accessToken, by);
    expect((await refresh(refreshToken)).status).toBe(status);
  });

  it('does not get older than 90 days by being used', async () => {
    const { accessToken, refreshToken } = await app.signIn('customer');
    let token = refreshToken;
    for (const by of ['29 days', '29 days', '29 days', '2 days 23 hours']) {
      await age(accessToken, by);
      token = await refreshed(token);
    }
    await age(accessToken, '2 hours');
    expect((await refresh(token)).status).toBe(401);
  });
});

describe('REFRESH_GRACE_SECONDS', () => {
  // The clock of the service stands, so that no grace ends by itself.
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());

  it('lets who lost the answer repeat the very same refresh, for the very same next token', async () => {
    const { refreshToken } = await gracious.signIn('customer');
    const next = await refreshed(refreshToken, gracious);
    expect(await refreshed(refreshToken, gracious)).toBe(next);
    expect(await refreshed(refreshToken, gracious)).toBe(next);
    await refreshed(next, gracious);
  });

  it('answers simultaneous uses alike, and the session lives on', async () => {
    const { refreshToken } = await gracious.signIn('customer');
    const uses = Array.from({ length: 10 }, () => refreshed(refreshToken, gracious));
    const [next, ...others] = [...new Set(await Promise.all(uses))];
    expect(others).toEqual([]);
    await refreshed(String(next), gracious);
  });

  it('ends after that time, however often it was repeated', async () => {
    const { accessToken, refreshToken } = await gracious.signIn('customer');
    await refreshed(refreshToken, gracious);
    await age(accessToken, '6 seconds');
    const next = await refreshed(refreshToken, gracious);
    await age(accessToken, '6 seconds');
    expect((await refresh(refreshToken, gracious)).status).toBe(401);
    expect((await refresh(next, gracious)).status).toBe(401);
  });

  it('is over once the next token was used: then the one before is a replay', async () => {
    const { refreshToken: first } = await gracious.signIn('customer');
    const second = await refreshed(first, gracious);
    const third = await refreshed(second, gracious);
    expect((await refresh(first, gracious)).status).toBe(401);
    expect((await refresh(third, gracious)).status).toBe(401);
  });

  it('of none is none, also where the clock of another instance is ahead', async () => {
    const { accessToken, refreshToken } = await app.signIn('customer');
    await refreshed(refreshToken);
    await age(accessToken, '-3 seconds');
    expect((await refresh(refreshToken)).status).toBe(401);
  });
});
