import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { currentContext } from '../../src/http/context/request-context.js';
import { PgListener } from '../../src/platform/database/pg-listener.js';
import { AccessStateService } from '../../src/identity/sessions/access-state.service.js';
import { SessionsRepository } from '../../src/identity/sessions/sessions.repository.js';
import type { ApiClient } from '../support/api-client.js';
import { queries } from '../support/queries.js';
import { PASSWORD, startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let here: TestApp;
/** A second instance on the same database. */
let there: TestApp;
let admin: SignedIn;

beforeAll(async () => {
  here = await startTestApp();
  there = await startTestApp({}, { databaseUrl: here.config.database.url });
  admin = await here.signIn('admin');
});
afterAll(async () => {
  await there.close();
  await here.close();
});

/** The status of every instance for a call with this running token. */
async function statuses(token: string, call: (api: ApiClient) => Promise<{ status: number }> = callMe) {
  const apis = [here, there].map(({ anonymous }) => anonymous.withToken(token));
  return (await Promise.all(apis.map(call))).map(({ status }) => status);
}

const callMe = (api: ApiClient) => api.get('/v1/users/me');
/** Answered 422 to who may create products. */
const createProduct = (api: ApiClient) => api.post('/v1/products', {});

/** Once the database has told every instance. */
const soon = (read: () => Promise<number[]>) => expect.poll(read, { interval: 20 });

describe('within five seconds a running token feels, on every instance,', () => {
  it('that its user was deactivated', async () => {
    const { id, accessToken } = await here.signIn('customer');
    expect(await statuses(accessToken)).toEqual([200, 200]);
    await admin.api.patch(`/v1/users/${id}`, { is_active: false });
    await soon(() => statuses(accessToken)).toEqual([401, 401]);
  });

  it('that its user was deactivated, and is not revived when the user is', async () => {
    const { id, email, accessToken } = await here.signIn('customer');
    await admin.api.patch(`/v1/users/${id}`, { is_active: false });
    await soon(() => statuses(accessToken)).toEqual([401, 401]);
    await admin.api.patch(`/v1/users/${id}`, { is_active: true });
    const { body } = await here.anonymous.post('/v1/auth/login', { email, password: PASSWORD });
    await soon(() => statuses(String(body.access_token))).toEqual([200, 200]);
    expect(await statuses(accessToken)).toEqual([401, 401]);
  });

  it('a promotion', async () => {
    const { id, accessToken } = await here.signIn('customer');
    expect(await statuses(accessToken, createProduct)).toEqual([403, 403]);
    await admin.api.patch(`/v1/users/${id}`, { role: 'manager' });
    await soon(() => statuses(accessToken, createProduct)).toEqual([422, 422]);
  });

  it('a demotion, which leaves it signed in', async () => {
    const { id, accessToken } = await here.signIn('manager');
    expect(await statuses(accessToken, createProduct)).toEqual([422, 422]);
    await admin.api.patch(`/v1/users/${id}`, { role: 'customer' });
    await soon(() => statuses(accessToken, createProduct)).toEqual([403, 403]);
    expect(await statuses(accessToken)).toEqual([200, 200]);
  });

  it('the deletion of its user', async () => {
    const { id, accessToken } = await here.signIn('customer');
    expect(await statuses(accessToken)).toEqual([200, 200]);
    await admin.api.delete(`/v1/users/${id}`);
    await soon(() => statuses(accessToken)).toEqual([401, 401]);
  });

  it('its logout', async () => {
    const { accessToken, refreshToken } = await here.signIn('customer');
    expect(await statuses(accessToken)).toEqual([200, 200]);
    await here.anonymous.post('/v1/auth/logout', { refresh_token: refreshToken });
    await soon(() => statuses(accessToken)).toEqual([401, 401]);
  });

  it('that its session ended because a refresh token was used twice', async () => {
    const { accessToken, refreshToken } = await here.signIn('customer');
    const refresh = () => here.anonymous.post('/v1/auth/refresh', { refresh_token: refreshToken });
    expect([(await refresh()).status, (await refresh()).status]).toEqual([200, 401]);
    await soon(() => statuses(accessToken)).toEqual([401, 401]);
  });

  it('also where it was never seen before', async () => {
    const { id, accessToken } = await here.signIn('customer');
    await admin.api.delete(`/v1/users/${id}`);
    const third = await startTestApp({}, { databaseUrl: here.config.database.url });
    try {
      expect((await callMe(third.anonymous.withToken(accessToken))).status).toBe(401);
    } finally {
      await third.close();
    }
  });
});

describe('a request with a token', () => {
  /** A hundred at once, and then one more. */
  async function callOften({ api }: SignedIn): Promise<void> {
    // A product's id that is none is answered after authentication and before any query of the feature.
    const call = () => api.get('/v1/products/no-uuid');
    const answers = [...(await Promise.all(Array.from({ length: 100 }, call))), await call()];
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]));
  }

  it('costs no query of its own: a hundred hear by one line what changes', async () => {
    const user = await here.signIn('customer');
    const line = vi.spyOn(here.app.get(PgListener), 'isCurrent').mockReturnValue(true);
    try {
      await queries(here, () => callOften(user)).toBe(0);
    } finally {
      line.mockRestore();
    }
  });

  it('costs no query of its own while that line is down: a hundred share one reading', async () => {
    const user = await here.signIn('customer');
    const sessions = here.app.get(SessionsRepository, { strict: false });
    const endedSince = sessions.endedSince.bind(sessions);
    let readings = 0;
    const spies = [
      vi.spyOn(here.app.get(PgListener), 'isCurrent').mockReturnValue(false),
      // The clock stands, when the last reading is too old to be believed.
      vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 5000),
      vi.spyOn(sessions, 'endedSince').mockImplementation((since) => {
        if (currentContext()) readings += 1;
        return endedSince(since);
      }),
    ];
    try {
      await callOften(user);
      expect(readings).toBe(1);
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
  });

  it('is 503 while nobody can say whether it still holds, but public routes do not mind', async () => {
    const { api } = await here.signIn('customer');
    const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const state = vi.spyOn(here.app.get(AccessStateService), 'ensureFresh').mockRejectedValue(away);
    try {
      const { status, body, headers } = await api.get('/v1/users/me');
      expect([status, body.code]).toEqual([503, 'unavailable']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await api.get('/health/live')).status).toBe(200);
    } finally {
      state.mockRestore();
    }
  });
});
