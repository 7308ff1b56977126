import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { poolOf } from '../../src/platform/database/sql.js';
import { parseRefreshToken } from '../../src/identity/sessions/refresh-token.js';
import type { Any, ApiResponse } from '../support/api-client.js';
import { stopClockOfAttempts } from '../support/attempts.js';
import { PASSWORD, startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

let direct: TestApp;
/** Behind a proxy that says where each request comes from. */
let proxied: TestApp;
let twins: TestApp[];

beforeAll(async () => {
  direct = await startTestApp();
  const { url } = direct.config.database;
  const startAnother = (environment: NodeJS.ProcessEnv) =>
    startTestApp(environment, url === undefined ? {} : { databaseUrl: url });
  proxied = await startAnother({ TRUST_PROXY: '127.0.0.1' });
  twins = [await startAnother({}), await startAnother({ TRUST_PROXY: '127.0.0.1' })];
  await stopClockOfAttempts(direct);
});
afterAll(async () => {
  for (const app of [...twins, proxied, direct]) await app.close();
});
// Attempts are counted in the database.
beforeEach(() => direct.dataSource.query('TRUNCATE attempts, known_addresses'));

/** With LOGIN_LIMIT_PER_MINUTE as each test wants it. */
function limited(app: TestApp | undefined, loginsPerMinute: number): TestApp {
  if (!app) throw new Error('There is no such instance');
  Object.assign(app.config.limits, { loginsPerMinute });
  return app;
}
const start = (limit: number) => limited(direct, limit);
const startBehindProxy = (limit: number) => limited(proxied, limit);
const from = (app: TestApp, address: string) => app.anonymous.with({ 'x-forwarded-for': address });
const anyAddress = () => [10, ...randomBytes(3)].join('.');

const logIn = (app: TestApp, email: string, address = '192.0.2.1', password = 'not the password') =>
  from(app, address).post('/v1/auth/login', { email, password });

const statuses = (answers: readonly ApiResponse<unknown>[]) => answers.map(({ status }) => status);
const count = (answers: readonly ApiResponse<unknown>[], status: number) =>
  answers.filter((answer) => answer.status === status).length;

async function times<T>(many: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let index = 0; index < many; index += 1) results.push(await work(index));
  return results;
}

/** As if so many seconds had passed. */
const wait = (app: TestApp, seconds: number) =>
  app.dataSource.query(`UPDATE attempts SET resets_at = resets_at - $1 * interval '1 second'`, [seconds]);

/** Of the policy that the answer reached last. */
function retryAfter({ status, headers }: ApiResponse<Any>): number {
  expect(status).toBe(429);
  const seconds = Number(headers.get('retry-after'));
  expect(headers.get('ratelimit')).toMatch(new RegExp(`;r=0;t=${seconds}$`));
  return seconds;
}

describe('the limit of logins on two instances', () => {
  it('lets exactly as many pass of forty that come at once', async () => {
    const app = start(10);
    const twin = limited(twins[0], 10);
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => logIn(n % 2 === 0 ? app : twin, `somebody-${n}@example.com`)),
    );
    expect([count(answers, 401), count(answers, 429)]).toEqual([10, 30]);
  });

  it('is as exact for an account that is tried from everywhere', async () => {
    const app = startBehindProxy(10);
    const twin = limited(twins[1], 10);
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        logIn(n % 2 === 0 ? app : twin, 'victim@example.com', anyAddress()),
      ),
    );
    expect([count(answers, 401), count(answers, 429)]).toEqual([10, 30]);
  });
});

describe('who goes on guessing', () => {
  it('waits for longer each time, but for no more than 15 minutes, and is told how long', async () => {
    const app = start(2);
    const waits = await times(6, async () => {
      const answers = await times(3, (n) => logIn(app, `somebody-${n}@example.com`));
      expect(statuses(answers)).toEqual([401, 401, 429]);
      const seconds = retryAfter(answers[2] as ApiResponse<Any>);
      await wait(app, seconds - 1);
      expect((await logIn(app, 'too-early@example.com')).status).toBe(429);
      await wait(app, 1);
      return seconds;
    });
    expect(waits).toEqual([60, 120, 240, 480, 900, 900]);
  });

  it('does not wait for longer by trying in vain', async () => {
    const app = start(1);
    const answers = await times(20, () => logIn(app, 'somebody@example.com'));
    expect(retryAfter(answers.at(-1) as ApiResponse<Any>)).toBe(60);
    await wait(app, 60);
    expect((await logIn(app, 'somebody@example.com')).status).toBe(401);
  });

  it('waits for a minute at first again, after one that stayed within the limit', async () => {
    const app = start(1);
    for (let round = 0; round < 2; round += 1) {
      const [, refused] = await times(2, () => logIn(app, 'somebody@example.com'));
      expect(retryAfter(refused as ApiResponse<Any>)).toBe(60);
      await wait(app, 60);
      expect((await logIn(app, 'somebody@example.com')).status).toBe(401);
      await wait(app, 60);
    }
  });

  it('gets nowhere by inventing addresses', async () => {
    const app = start(3);
    const answers = await times(4, (n) => logIn(app, `somebody-${n}@example.com`, anyAddress()));
    expect(statuses(answers)).toEqual([401, 401, 401, 429]);
  });

  it('gets nowhere by changing addresses within a /64', async () => {
    const app = startBehindProxy(2);
    const answers = await times(3, (n) => logIn(app, `somebody-${n}@example.com`, `2001:db8:0:1:${n}::1`));
    expect(statuses(answers)).toEqual([401, 401, 429]);
    expect((await logIn(app, 'somebody@example.com', '2001:db8:0:2::1')).status).toBe(401);
  });
});

describe('the owner of an account that strangers hammer', () => {
  it('gets in where they have signed in before, and nowhere else', async () => {
    const app = startBehindProxy(3);
    const { email } = await app.signIn('customer');
    expect((await logIn(app, email, '192.0.2.7', PASSWORD)).status).toBe(200);
    await times(10, () => logIn(app, email, anyAddress()));
    expect((await logIn(app, email, '192.0.2.8', PASSWORD)).status).toBe(429);
    expect((await logIn(app, email.toUpperCase(), '192.0.2.7', PASSWORD)).status).toBe(200);
  });

  it('has all of their attempts there, and no more', async () => {
    const app = startBehindProxy(3);
    const { email } = await app.signIn('customer');
    await logIn(app, email, '192.0.2.7', PASSWORD);
    await times(10, () => logIn(app, email, anyAddress()));
    const answers = await times(3, () => logIn(app, email, '192.0.2.7'));
    expect(statuses(answers)).toEqual([401, 401, 429]);
  });

  it('is not blocked by a stranger who is blocked: what an address is refused counts for no account', async () => {
    const app = startBehindProxy(3);
    await times(3, (n) => logIn(app, `other-${n}@example.com`, '203.0.113.5'));
    const refused = await times(9, () => logIn(app, 'victim@example.com', '203.0.113.5'));
    expect(count(refused, 429)).toBe(9);
    expect(refused[0]?.headers.get('ratelimit-policy')).toBe('"address";q=3;w=60');
    const answers = await times(4, (n) => logIn(app, 'victim@example.com', `192.0.2.${n}`));
    expect(statuses(answers)).toEqual([401, 401, 401, 429]);
  });
});

describe('the limit of refreshes', () => {
  const refresh = (app: TestApp, refresh_token: unknown, address = '192.0.2.1') =>
    from(app, address).post('/v1/auth/refresh', { refresh_token });

  it('is ten times that of logins, for the address and for the session', async () => {
    const app = start(2);
    const { refreshToken } = await app.signIn('customer');
    const [first, ...others] = await times(21, () => refresh(app, refreshToken));
    expect(first?.headers.get('ratelimit-policy')).toBe('"address";q=20;w=60, "account";q=20;w=60');
    expect(first?.headers.get('ratelimit')).toMatch(/^"address";r=19;t=\d+, "account";r=19;t=\d+$/);
    expect(count(others, 401)).toBe(19);
    expect(others.at(-1)?.status).toBe(429);
  });

  it('holds for a session from whichever addresses it is refreshed', async () => {
    const app = startBehindProxy(1);
    const { refreshToken } = await app.signIn('customer');
    const answers = await times(11, () => refresh(app, refreshToken, anyAddress()));
    expect(statuses(answers)).toEqual([200, ...Array<number>(9).fill(401), 429]);
  });

  it('cannot be used up by who knows the id of the session only', async () => {
    const app = startBehindProxy(1);
    const { refreshToken } = await app.signIn('customer');
    const genuine = Buffer.from(refreshToken.slice('rt_'.length), 'base64url');
    await times(12, async () => {
      const forged = `rt_${Buffer.concat([genuine.subarray(0, 16), randomBytes(48)]).toString('base64url')}`;
      expect(parseRefreshToken(forged)?.sessionId).toBe(parseRefreshToken(refreshToken)?.sessionId);
      expect((await refresh(app, forged, anyAddress())).status).toBe(401);
    });
    expect((await refresh(app, refreshToken)).status).toBe(200);
  });

  it('is that of the address alone for what is no token', async () => {
    const app = start(1);
    for (const token of ['garbage', 1, null, { rt_: 1 }, undefined]) {
      const { headers } = await refresh(app, token);
      expect(headers.get('ratelimit-policy')).toBe('"address";q=10;w=60');
    }
  });
});

describe('other routes where something can be guessed', () => {
  it('registering is limited by e-mail and by address', async () => {
    const app = startBehindProxy(2);
    const register = (email: string, address: string) =>
      from(app, address).post('/v1/auth/register', { email, password: PASSWORD, full_name: 'Ann' });
    const same = await times(3, () => register('ann@example.com', anyAddress()));
    expect(statuses(same)).toEqual([201, 409, 429]);
    const others = await times(3, (n) => register(`bob-${n}@example.com`, '192.0.2.1'));
    expect(statuses(others)).toEqual([201, 201, 429]);
  });

  it('changing a password is limited by who is signed in', async () => {
    const app = startBehindProxy(2);
    const { api } = await app.signIn('customer');
    const other = await app.signIn('customer');
    const change = (client: typeof api) =>
      client
        .with({ 'x-forwarded-for': anyAddress() })
        .put('/v1/users/me/password', { current_password: 'wrong', password: 'another good passphrase' });
    expect(statuses(await times(3, () => change(api)))).toEqual([401, 401, 429]);
    expect((await change(other.api)).status).toBe(401);
  });

  it('each has a budget of its own', async () => {
    const app = start(1);
    await times(2, () => logIn(app, 'zoe@example.com'));
    const register = { email: 'zoe@example.com', password: PASSWORD, full_name: 'Ann' };
    expect((await app.anonymous.post('/v1/auth/register', register)).status).toBe(201);
  });
});

describe('the question to the database', () => {
  it('is one for each attempt, and none elsewhere', async () => {
    const app = start(50);
    const { api } = await app.signIn('customer');
    const pool = poolOf(app.dataSource) as unknown as { query: (...args: unknown[]) => unknown };
    const asked: string[] = [];
    const query = pool.query.bind(pool);
    const spy = vi.spyOn(pool, 'query').mockImplementation((...args) => {
      asked.push((args[0] as { name?: string }).name ?? String(args[0]));
      return query(...args);
    });
    await app.anonymous.get('/health/live');
    await api.get('/v1/products');
    await app.anonymous.post('/v1/auth/logout', { refresh_token: 'x' });
    expect(asked.filter((name) => name.includes('attempt'))).toEqual([]);
    await logIn(app, 'ann@example.com');
    expect(asked.filter((name) => name.includes('attempt'))).toEqual(['take-attempts']);
    spy.mockRestore();
  });
});
