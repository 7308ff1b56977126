import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Any, ApiClient, ApiResponse } from '../support/api-client.js';
import { stopClockOfAttempts } from '../support/attempts.js';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { PASSWORD, startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

// Each test has a service of its own: budgets are counted in the process.
let app: TestApp;
let database: TestDatabase;
const start = async (environment: NodeJS.ProcessEnv): Promise<TestApp> =>
  (app = await startTestApp(environment, { databaseUrl: database.url }));

// The clocks stand, so that no minute is over before a test is.
beforeAll(async () => {
  database = await createDatabase();
  await start({});
  await stopClockOfAttempts(app);
  await app.close();
});
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(async () => {
  await app.dataSource.query('TRUNCATE attempts, known_addresses');
  await app.close();
  vi.useRealTimers();
});
afterAll(() => database.drop());

const STRANGER = { email: 'stranger@example.com', password: 'not the password' };

async function times<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let index = 0; index < count; index += 1) results.push(await work(index));
  return results;
}

const statuses = (answers: readonly ApiResponse<unknown>[]) => answers.map(({ status }) => status);

function expectLimited({ status, body, headers }: ApiResponse<Any>, limit: number): void {
  expect([status, body.code]).toEqual([429, 'rate_limited']);
  expect(headers.get('retry-after')).toBe('60');
  expect(body.detail).toContain(String(limit));
  expect(headers.get('cache-control')).toBe('no-store');
}

describe('the limit of requests', () => {
  it('lets as many pass as it says, and counts down in the headers', async () => {
    await start({ RATE_LIMIT_PER_MINUTE: '3' });
    const answers = await times(5, () => app.anonymous.get('/v1/products'));
    expect(statuses(answers)).toEqual([401, 401, 401, 429, 429]);
    for (const { headers } of answers) expect(headers.get('ratelimit-policy')).toBe('"default";q=3;w=60');
    const left = answers.map(
      ({ headers }) => /^"default";r=(\d+);t=\d+$/.exec(headers.get('ratelimit') ?? '')?.[1],
    );
    expect(left).toEqual(['2', '1', '0', '0', '0']);
    expectLimited(answers[4] as ApiResponse<Any>, 3);
  });

  it('holds for every route together, and for wrong requests too', async () => {
    await start({ RATE_LIMIT_PER_MINUTE: '4' });
    const answers = [
      await app.anonymous.get('/health/live'),
      await app.anonymous.post('/v1/auth/refresh', {}),
      await app.anonymous.withToken('forged').get('/v1/products'),
      await app.anonymous.get('/v1/products?foo=1'),
      await app.anonymous.get('/v1/users'),
    ];
    expect(statuses(answers)).toEqual([200, 422, 401, 401, 429]);
  });

  it('is one budget for each caller, apart from that of the address', async () => {
    await start({ RATE_LIMIT_PER_MINUTE: '5' });
    const [ann, bob] = [await app.signIn('customer'), await app.signIn('customer')];
    expect(statuses(await times(6, () => ann.api.get('/v1/products')))).toEqual([
      200, 200, 200, 200, 200, 429,
    ]);
    expect((await bob.api.get('/v1/products')).status).toBe(200);
    expect((await ann.api.get('/v1/users/me')).status).toBe(429);
    // The two logins came from the address, without a caller yet.
    expect(statuses(await times(4, () => app.anonymous.get('/health/live')))).toEqual([200, 200, 200, 429]);
  });

  it('lets exactly as many pass of those that come at once', async () => {
    await start({ RATE_LIMIT_PER_MINUTE: '10' });
    const answers = await Promise.all(Array.from({ length: 30 }, () => app.anonymous.get('/health/live')));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(20);
  });

  it('changes nothing once it is reached', async () => {
    await start({ RATE_LIMIT_PER_MINUTE: '1' });
    const { api } = await app.signIn('manager');
    const first = await api.post('/v1/products', { sku: 'LIMIT-1', name: 'n', price: 1 });
    const second = await api.post('/v1/products', { sku: 'LIMIT-2', name: 'n', price: 1 });
    expect(statuses([first, second])).toEqual([201, 429]);
    const [{ count }] = await app.dataSource.query<[{ count: string }]>('SELECT count(*) FROM products');
    expect(count).toBe('1');
  });

  it('of 0 is off, and says nothing', async () => {
    await start({ RATE_LIMIT_PER_MINUTE: '0', LOGIN_LIMIT_PER_MINUTE: '0' });
    const answers = await times(30, () => app.anonymous.get('/health/live'));
    expect(new Set(statuses(answers))).toEqual(new Set([200]));
    for (const { headers } of answers) {
      expect(headers.get('ratelimit')).toBeNull();
      expect(headers.get('ratelimit-policy')).toBeNull();
    }
  });
});

describe('the limit of logins', () => {
  const logIn = (client: ApiClient, email: string) => client.post('/v1/auth/login', { ...STRANGER, email });

  it('holds for an address, whichever accounts it tries', async () => {
    await start({ LOGIN_LIMIT_PER_MINUTE: '3' });
    const answers = await times(4, (index) => logIn(app.anonymous, `somebody-${index}@example.com`));
    expect(statuses(answers)).toEqual([401, 401, 401, 429]);
    expectLimited(answers[3] as ApiResponse<Any>, 3);
    expect(answers[0]?.headers.get('ratelimit-policy')).toBe('"address";q=3;w=60, "account";q=3;w=60');
  });

  it('holds for an account, from whichever addresses it is tried and however it is spelt', async () => {
    await start({ LOGIN_LIMIT_PER_MINUTE: '3', TRUST_PROXY: '127.0.0.1' });
    const spellings = [
      'Victim@example.com',
      'victim@example.com',
      'VICTIM@EXAMPLE.COM',
      'vicTim@example.com',
    ];
    const answers = await times(4, (index) =>
      logIn(app.anonymous.with({ 'x-forwarded-for': `192.0.2.${index}` }), spellings[index] ?? ''),
    );
    expect(statuses(answers)).toEqual([401, 401, 401, 429]);
    const other = await logIn(app.anonymous.with({ 'x-forwarded-for': '192.0.2.9' }), 'other@example.com');
    expect(other.status).toBe(401);
  });

  it('counts successful logins too, and stops even the right password', async () => {
    await start({ LOGIN_LIMIT_PER_MINUTE: '2' });
    const { email } = await app.signIn('customer');
    const answers = await times(2, () => app.anonymous.post('/v1/auth/login', { email, password: PASSWORD }));
    expect(statuses(answers)).toEqual([200, 429]);
  });

  it('leaves everything else alone', async () => {
    await start({ LOGIN_LIMIT_PER_MINUTE: '1' });
    const { api } = await app.signIn('customer');
    expect((await logIn(app.anonymous, STRANGER.email)).status).toBe(429);
    expect(statuses(await times(5, () => api.get('/v1/products')))).toEqual([200, 200, 200, 200, 200]);
    expect((await app.anonymous.post('/v1/auth/logout', { refresh_token: 'x' })).status).toBe(204);
  });

  it('of 0 is off', async () => {
    await start({ LOGIN_LIMIT_PER_MINUTE: '0' });
    const answers = await times(15, () => app.anonymous.post('/v1/auth/refresh', { refresh_token: 'x' }));
    expect(new Set(statuses(answers))).toEqual(new Set([401]));
  });
});

describe('X-Forwarded-For', () => {
  const from = (address: string) => app.anonymous.with({ 'x-forwarded-for': address }).get('/health/live');

  it('is ignored: nobody escapes the limit by inventing addresses', async () => {
    await start({ RATE_LIMIT_PER_MINUTE: '2' });
    const answers = await times(3, (index) => from(`203.0.113.${index}`));
    expect(statuses(answers)).toEqual([200, 200, 429]);
  });

  it('is ignored from anybody who is no trusted proxy', async () => {
    await start({ RATE_LIMIT_PER_MINUTE: '2', TRUST_PROXY: '198.51.100.0/24' });
    const answers = await times(3, (index) => from(`203.0.113.${index}`));
    expect(statuses(answers)).toEqual([200, 200, 429]);
  });

  it('counts from a trusted proxy, as far as proxies are trusted', async () => {
    await start({ RATE_LIMIT_PER_MINUTE: '2', TRUST_PROXY: '127.0.0.0/8, 198.51.100.7' });
    expect(statuses(await times(3, () => from('203.0.113.1')))).toEqual([200, 200, 429]);
    expect((await from('203.0.113.2')).status).toBe(200);
    // What stands left of the first untrusted address was written by that address itself.
    expect((await from('1.2.3.4, 203.0.113.1')).status).toBe(429);
    expect((await from('203.0.113.1, 198.51.100.7')).status).toBe(429);
    // Some proxies write the port of the client too, which is another one for each connection.
    expect((await from('203.0.113.1:50123')).status).toBe(429);
  });

  it('may hold anything, and a login still works', async () => {
    await start({ TRUST_PROXY: '127.0.0.1' });
    const { email } = await app.signIn('customer');
    for (const address of ['unknown', '192.0.2.1:443', '[2001:db8::1]:443', 'fe80::1%eth0', "'; --", ',,,']) {
      const client = app.anonymous.with({ 'x-forwarded-for': address });
      expect((await client.post('/v1/auth/login', { email, password: PASSWORD })).status).toBe(200);
    }
  });
});
