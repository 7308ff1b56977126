import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PgListener } from '../../src/platform/database/pg-listener.js';
import { ApiKeysRepository } from '../../src/identity/api-keys/api-keys.repository.js';
import type { Any, ApiClient, ApiResponse } from '../support/api-client.js';
import { createKey } from '../support/api-keys.js';
import type { CreatedKey } from '../support/api-keys.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

let here: TestApp;
/** A second instance on the same database. */
let there: TestApp;
let admin: SignedIn;
let manager: SignedIn;

beforeAll(async () => {
  here = await startTestApp();
  there = await startTestApp({}, { databaseUrl: here.config.database.url });
  admin = await here.signIn('admin');
  manager = await here.signIn('manager');
});
afterAll(async () => {
  await there.close();
  await here.close();
});

const withKey = (key: string, app = here) => app.anonymous.with({ 'x-api-key': key });
const callMe = (api: ApiClient) => api.get('/v1/users/me');
/** Answered 422 to who may create products. */
const createProduct = (api: ApiClient) => api.post('/v1/products', {});

/** What clients see of a refusal, but for the ids of the request. */
function seen({ status, body, headers }: ApiResponse<Any>) {
  return { status, problem: { ...body, trace_id: '' }, challenge: headers.get('www-authenticate') };
}

const secretOf = ({ key, prefix }: CreatedKey) => key.slice(prefix.length + 1);
const random = () => randomBytes(32).toString('base64url');
const swapCase = (text: string) =>
  text.replace(/[a-z]/gi, (letter) => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase()));
/** Another last character that a decoder would take for the same bytes. */
const respelt = (text: string) => {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return text.slice(0, -1) + String(digits[digits.indexOf(text.slice(-1)) ^ 1]);
};

describe('a key that is none', () => {
  it('is refused in one and the same way, whatever is wrong with it', async () => {
    const [mine, other] = [await createKey(manager.api), await createKey(manager.api)];
    const revoked = await createKey(manager.api);
    await manager.api.delete(`/v1/api-keys/${revoked.id}`);
    const secret = secretOf(mine);
    const refused = {
      'no key': 'hello',
      empty: '',
      truncated: mine.key.slice(0, -1),
      'longer by one': `${mine.key}A`,
      twice: `${mine.key}, ${mine.key}`,
      'with a tampered secret': mine.key.slice(0, -2) + (mine.key.endsWith('AA') ? 'BA' : 'AA'),
      'with its letters swapped': `${mine.prefix}_${swapCase(secret)}`,
      'with its secret respelt': `${mine.prefix}_${respelt(secret)}`,
      'in upper case': mine.key.toUpperCase(),
      'another key’s secret': `${mine.prefix}_${secretOf(other)}`,
      'another key’s id': `${other.prefix}_${secret}`,
      'an unknown id': `sr_${randomUUID().replaceAll('-', '')}_${secret}`,
      'the prefix alone': mine.prefix,
      'the id with its dashes': `sr_${mine.id}_${secret}`,
      'made up': `sr_${randomUUID().replaceAll('-', '')}_${random()}`,
      revoked: revoked.key,
      'an access token': manager.accessToken,
    };
    const expected = seen(await callMe(withKey('sr_x')));
    expect(expected).toMatchObject({
      status: 401,
      problem: { code: 'unauthenticated', detail: 'The API key is not valid.' },
      challenge: 'Bearer',
    });
    // Before and after the genuine key was seen, hence from the database and from memory.
    for (const round of [1, 2]) {
      for (const [name, key] of Object.entries(refused))
        expect(seen(await callMe(withKey(key))), `${name}, round ${round}`).toEqual(expected);
      expect((await callMe(withKey(mine.key))).status).toBe(200);
    }
    expect((await withKey('sr_x').get('/health/live')).status).toBe(200);
  });

  it('is one that has expired; only who has its secret is told', async () => {
    const inAnHour = Date.now() + 3_600_000;
    const expires_at = new Date(inAnHour).toISOString();
    const known = await createKey(manager.api, { expires_at });
    const fresh = await createKey(manager.api, { expires_at });
    expect((await callMe(withKey(known.key))).status).toBe(200);
    vi.useFakeTimers({ toFake: ['Date'], now: inAnHour });
    try {
      for (const { key, prefix } of [known, fresh]) {
        const { status, body } = await callMe(withKey(key));
        expect([status, body.code, body.detail]).toEqual([
          401,
          'unauthenticated',
          'The API key has expired.',
        ]);
        const guessed = await callMe(withKey(`${prefix}_${random()}`));
        expect(guessed.body.detail).toBe('The API key is not valid.');
      }
    } finally {
      vi.useRealTimers();
    }
  });

  it('is one that comes by another way', async () => {
    const { key } = await createKey(manager.api);
    const statusOf = async (headers: Record<string, string>) =>
      (await here.anonymous.get('/v1/users/me', headers)).status;
    const basic = Buffer.from(`${key}:`).toString('base64');
    for (const authorization of [`Bearer ${key}`, key, `Basic ${basic}`, `ApiKey ${key}`])
      expect(await statusOf({ authorization }), authorization).toBe(401);
    expect(await statusOf({ 'api-key': key, cookie: `x-api-key=${key}` })).toBe(401);
    expect((await here.anonymous.get(`/v1/products?api_key=${key}`)).status).toBe(401);
  });
});

describe('a key that is good', () => {
  it('does nothing beyond its scopes, and is told which one it lacks', async () => {
    const api = withKey((await createKey(admin.api, { scopes: ['products:read', 'orders:read'] })).key);
    expect((await api.get('/v1/products')).status).toBe(200);
    const refusals = {
      'products:write': await createProduct(api),
      'users:admin': await api.get('/v1/users'),
    };
    for (const [scope, { status, body, headers }] of Object.entries(refusals)) {
      expect([status, body.code]).toEqual([403, 'insufficient_scope']);
      expect(headers.get('www-authenticate')).toBe(`Bearer error="insufficient_scope", scope="${scope}"`);
      expect(body.detail).toContain(scope);
    }
  });

  it('is nobody else’s to see or to revoke, not even an administrator’s', async () => {
    const { id, key } = await createKey(manager.api);
    const { key: foreign } = await createKey(admin.api);
    for (const api of [admin.api, withKey(foreign), (await here.signIn('manager')).api]) {
      expect((await api.get(`/v1/api-keys/${id}`)).status).toBe(404);
      expect((await api.delete(`/v1/api-keys/${id}`)).status).toBe(404);
      expect((await api.get('/v1/api-keys?limit=100')).text).not.toContain(id);
    }
    expect((await callMe(withKey(key))).status).toBe(200);
  });
});

/** The connections that the instances hear each other by; they come up again within a second. */
const cutLines = () =>
  here.dataSource.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE application_name = 'stockroom-notifications' AND datname = current_database()`,
  );

type Change = (owner: SignedIn, key: CreatedKey) => Promise<unknown>;
type Call = (api: ApiClient) => Promise<{ status: number }>;

const change = (fields: object) => ((owner) => admin.api.patch(`/v1/users/${owner.id}`, fields)) as Change;

/** What happens to a key, and how it is answered before and after. */
const CHANGES: Record<string, [Change, Call, before: number, after: number]> = {
  'that it was revoked': [({ api }, { id }) => api.delete(`/v1/api-keys/${id}`), callMe, 200, 401],
  'that its owner was deactivated': [change({ is_active: false }), callMe, 200, 401],
  'that its owner was deleted': [({ id }) => admin.api.delete(`/v1/users/${id}`), callMe, 200, 401],
  'that its owner left': [({ api }) => api.delete('/v1/users/me'), callMe, 200, 401],
  'a demotion of its owner': [change({ role: 'customer' }), createProduct, 422, 403],
  'what the database alone was told': [
    (_, { id }) => here.dataSource.query(`UPDATE api_keys SET expires_at = now() WHERE id = $1`, [id]),
    callMe,
    200,
    401,
  ],
};

describe.each(['with the lines up', 'with the lines cut right before'])(
  'within five seconds, %s,',
  (lines) => {
    const areCurrent = () => [here, there].map(({ app }) => app.get(PgListener).isCurrent());

    it.each(Object.keys(CHANGES))('a key feels on every instance %s', async (name) => {
      const [happen, call, before, after] = CHANGES[name] as (typeof CHANGES)[string];
      const owner = await here.signIn('manager');
      const key = await createKey(owner.api, { scopes: ['products:read', 'products:write'] });
      const calls = async () => {
        const answers = await Promise.all([here, there].map((app) => call(withKey(key.key, app))));
        return answers.map(({ status }) => status);
      };
      await expect.poll(areCurrent).toEqual([true, true]);
      expect(await calls()).toEqual([before, before]);
      if (lines !== 'with the lines up') await cutLines();
      await happen(owner, key);
      await expect.poll(calls, { interval: 50 }).toEqual([after, after]);
      await expect.poll(areCurrent).toEqual([true, true]);
      expect(await calls()).toEqual([after, after]);
    });
  },
);

describe('a key and its owner', () => {
  it('is refused on this instance from the very answer of its revocation on, also while nobody tells of it', async () => {
    const statuses: number[] = [];
    for (let n = 0; n < 10; n += 1) {
      const { id, key } = await createKey(manager.api);
      expect((await callMe(withKey(key))).status).toBe(200);
      await cutLines();
      const calls = Array.from({ length: 5 }, () => callMe(withKey(key)));
      await manager.api.delete(`/v1/api-keys/${id}`);
      statuses.push((await callMe(withKey(key))).status);
      await Promise.all(calls);
    }
    expect(new Set(statuses)).toEqual(new Set([401]));
  });

  it('come back together, the key with as much as the new role allows', async () => {
    const owner = await here.signIn('manager');
    const { key } = await createKey(owner.api, { scopes: ['products:write'] });
    const status = async () => (await createProduct(withKey(key))).status;
    await change({ is_active: false })(owner, {} as CreatedKey);
    await expect.poll(status).toBe(401);
    await change({ is_active: true, role: 'customer' })(owner, {} as CreatedKey);
    await expect.poll(status).toBe(403);
    await change({ role: 'manager' })(owner, {} as CreatedKey);
    await expect.poll(status).toBe(422);
  });

  it('are believed for a second while the database is away, then the answer is 503', async () => {
    const { key } = await createKey(manager.api);
    const status = async () => (await callMe(withKey(key, there))).status;
    const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    // What is heard while a key is read keeps it from being remembered.
    const made = performance.now();
    await until(() => there.app.get(PgListener).isCurrent(performance.now() - made));
    try {
      vi.spyOn(there.app.get(PgListener), 'isCurrent').mockReturnValue(false);
      const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
      expect(await status()).toBe(200);
      const read = vi.spyOn(there.app.get(ApiKeysRepository), 'findUsable').mockRejectedValue(away);
      clock.mockReturnValue(performance.now() + 999);
      expect(await status()).toBe(200);
      clock.mockReturnValue(performance.now() + 1);
      expect(await status()).toBe(503);
      expect((await withKey(key, there).get('/health/live')).status).toBe(200);
      read.mockRestore();
      expect(await status()).toBe(200);
    } finally {
      vi.restoreAllMocks();
    }
  });
});
