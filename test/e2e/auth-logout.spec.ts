import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const logout = (refresh_token: unknown) => app.anonymous.post('/v1/auth/logout', { refresh_token });
const refresh = (refresh_token: unknown) => app.anonymous.post('/v1/auth/refresh', { refresh_token });

describe('POST /v1/auth/logout', () => {
  it('ends the session at once for the refresh token, and may be repeated', async () => {
    const { refreshToken } = await app.signIn('customer');
    for (let n = 0; n < 3; n += 1) {
      const { status, text, headers } = await logout(refreshToken);
      expect([status, text, headers.get('cache-control')]).toEqual([204, '', 'no-store']);
    }
    expect((await refresh(refreshToken)).status).toBe(401);
  });

  it('ends the access tokens of the session, and of no other', async () => {
    const { api, email, refreshToken } = await app.signIn('customer');
    const other = await app.anonymous.post('/v1/auth/login', { email, password: PASSWORD });
    const otherApi = app.anonymous.withToken(String(other.body.access_token));
    await logout(refreshToken);
    await expect.poll(async () => (await api.get('/v1/users/me')).status).toBe(401);
    expect((await otherApi.get('/v1/users/me')).status).toBe(200);
    expect((await refresh(other.body.refresh_token)).status).toBe(200);
  });

  it('takes any token of the session, also one that was replaced', async () => {
    const { refreshToken } = await app.signIn('customer');
    const { body } = await refresh(refreshToken);
    expect((await logout(refreshToken)).status).toBe(204);
    expect((await refresh(body.refresh_token)).status).toBe(401);
  });

  it('needs no access token, and does not mind a bad one', async () => {
    const { refreshToken } = await app.signIn('customer');
    const bad = app.anonymous.withToken('bad');
    expect((await bad.post('/v1/auth/logout', { refresh_token: refreshToken })).status).toBe(204);
  });

  it.each(['garbage', '', 'rt_', `rt_${'A'.repeat(86)}`])(
    'answers 204 to %j, which has nothing to end',
    async (token) => {
      expect((await logout(token)).status).toBe(204);
    },
  );

  it.each([undefined, null, 5, ['x']])('refuses %j, which is no text', async (token) => {
    expect((await logout(token)).status).toBe(422);
  });
});
