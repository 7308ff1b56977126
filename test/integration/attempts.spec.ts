import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AttemptLimiter } from '../../src/identity/auth/attempt-limiter.service.js';
import type { Budget, BruteForceAttempt } from '../../src/http/rate-limits/brute-force-limiter.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

const LIMIT = 3;
const [HOME, AWAY] = ['192.0.2.1', '198.51.100.1'];
const ANN = 'ann@example.com';

let app: TestApp;
let limiter: AttemptLimiter;
/** The same service on the same database. */
let twin: TestApp;

beforeAll(async () => {
  app = await startTestApp({ LOGIN_LIMIT_PER_MINUTE: String(LIMIT) });
  twin = await startTestApp(
    { LOGIN_LIMIT_PER_MINUTE: String(LIMIT) },
    { databaseUrl: app.config.database.url },
  );
  limiter = app.app.get(AttemptLimiter);
});
beforeEach(() => app.dataSource.query('TRUNCATE attempts, known_addresses'));
afterAll(async () => {
  await twin.close();
  await app.close();
});

const take = (attempt: Partial<BruteForceAttempt> = {}, by = limiter) =>
  by.take({ kind: 'login', factor: 1, network: HOME, account: undefined, ...attempt });

const isRefused = (budgets: readonly Budget[]) => budgets.some(({ hits, limit }) => hits > limit);

/** Tries until it is refused. Returns for how long, in whole minutes. */
async function overrun(attempt: Partial<BruteForceAttempt> = {}): Promise<number> {
  for (let n = 0; n <= LIMIT; n += 1) {
    const budgets = await take(attempt);
    if (isRefused(budgets)) return Math.ceil((budgets.at(-1)?.secondsLeft ?? 0) / 60);
  }
  throw new Error('It was never refused');
}

/** As if so many minutes had passed. */
const wait = (minutes: number) =>
  app.dataSource.query(`UPDATE attempts SET resets_at = resets_at - $1 * interval '1 minute'`, [minutes]);

/** Every row with the transaction that wrote it last. */
const rows = (table: string) =>
  app.dataSource.query<Record<string, unknown>[]>(`SELECT *, xmin::text FROM ${table} ORDER BY key`);

describe('a budget', () => {
  it('is exact from many connections of many instances', async () => {
    const other = twin.app.get(AttemptLimiter);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => take({ factor: 10 }, n % 2 === 0 ? limiter : other)),
    );
    const passed = answers.filter((budgets) => !isRefused(budgets));
    expect(passed.flat().map(({ hits }) => hits)).toHaveLength(10 * LIMIT);
    expect(new Set(passed.flat().map(({ hits }) => hits)).size).toBe(10 * LIMIT);
  });

  it('of address and account is taken without deadlocks, whoever crosses whom', async () => {
    const crossing = Array.from({ length: 120 }, (_, n) =>
      take({ factor: 100, network: `192.0.2.${n % 3}`, account: `account ${n % 4}` }),
    );
    expect((await Promise.all(crossing)).every((budgets) => budgets.length === 2)).toBe(true);
  });

  it('tells how it stands', async () => {
    const policies = { limit: LIMIT, windowSeconds: 60, hits: 1, secondsLeft: 60 };
    expect(await take({ account: ANN })).toEqual([
      { policy: 'address', ...policies },
      { policy: 'account', ...policies },
    ]);
  });

  it('begins anew when its minute has ended', async () => {
    for (let n = 0; n < LIMIT; n += 1) await take();
    await wait(1);
    expect(await take()).toMatchObject([{ hits: 1, secondsLeft: 60 }]);
  });

  it('is one for each kind', async () => {
    await overrun();
    expect(isRefused(await take())).toBe(true);
    expect(isRefused(await take({ kind: 'register' }))).toBe(false);
  });

  it('of a limit of 0 is not asked for', async () => {
    expect(await take({ factor: 0 })).toEqual([]);
    expect(await rows('attempts')).toEqual([]);
  });
});

describe('a block', () => {
  it('grows with every window in a row that is overrun, to 15 minutes', async () => {
    const minutes: number[] = [];
    for (let n = 0; n < 7; n += 1) {
      minutes.push(await overrun());
      await wait(minutes.at(-1) ?? 0);
    }
    expect(minutes).toEqual([1, 2, 4, 8, 15, 15, 15]);
  });

  it('grows for an account as for an address', async () => {
    const minutes: number[] = [];
    for (let n = 0; n < 3; n += 1) {
      // From another address each time, none of which is refused.
      for (let m = 0; m < LIMIT; m += 1) await take({ account: ANN, network: `192.0.2.${n * 10 + m}` });
      minutes.push(await overrun({ account: ANN, network: AWAY }));
      await wait(minutes.at(-1) ?? 0);
    }
    expect(minutes).toEqual([1, 2, 4]);
  });

  it('is forgotten after a window that stayed within the limit', async () => {
    await wait(await overrun());
    await take();
    await wait(1);
    expect(await overrun()).toBe(1);
  });

  it.each([
    [14, 2],
    [15, 1],
  ])('is followed, after %i quiet minutes, by one of %i', async (quiet, next) => {
    await wait(await overrun());
    await wait(quiet);
    expect(await overrun()).toBe(next);
  });

  it('is not prolonged by what it refuses, which costs no writing', async () => {
    await wait(await overrun());
    await overrun();
    const before = await rows('attempts');
    for (let n = 0; n < 5; n += 1) expect(isRefused(await take())).toBe(true);
    expect(await rows('attempts')).toEqual(before);
  });

  it('of an address takes nothing from the account', async () => {
    await overrun();
    expect(await take({ account: ANN })).toMatchObject([{ policy: 'address', hits: LIMIT + 1 }]);
    expect((await take({ account: ANN, network: AWAY })).at(-1)).toMatchObject({
      policy: 'account',
      hits: 1,
    });
  });
});

describe('an address from which the account has signed in', () => {
  const useUp = async () => {
    for (let n = 0; n <= LIMIT; n += 1) await take({ account: ANN, network: `203.0.113.${n}` });
    expect(isRefused(await take({ account: ANN, network: AWAY }))).toBe(true);
  };

  it('has a budget of its own for that account, in every kind', async () => {
    await limiter.remember('Ann@Example.com', HOME);
    await useUp();
    for (const kind of ['login', 'password_reset']) {
      const budgets = await take({ account: ANN, kind });
      expect(budgets.at(-1)).toMatchObject({ policy: 'account', hits: 1 });
    }
    expect(isRefused(await take({ account: 'bob@example.com' }))).toBe(false);
  });

  it('leaves the accounts of others, and the other addresses, as they are', async () => {
    await limiter.remember('bob@example.com', HOME);
    await limiter.remember(ANN, '198.51.100.2');
    await useUp();
    expect(isRefused(await take({ account: ANN }))).toBe(true);
  });

  it('is a whole /64 in IPv6', async () => {
    await limiter.remember(ANN, '2001:db8:0:1::5');
    await useUp();
    expect(isRefused(await take({ account: ANN, network: '2001:db8:0:1::/64' }))).toBe(false);
    expect(isRefused(await take({ account: ANN, network: '2001:db8:0:2::/64' }))).toBe(true);
  });

  it('is known for 90 days', async () => {
    await limiter.remember(ANN, HOME);
    const [left] = await app.dataSource.query<[object]>(
      `SELECT round(extract(epoch FROM expires_at - now()) / 86400)::integer AS days FROM known_addresses`,
    );
    expect(left).toEqual({ days: 90 });
    await useUp();
    await app.dataSource.query(`UPDATE known_addresses SET expires_at = now() - interval '1 second'`);
    expect(isRefused(await take({ account: ANN }))).toBe(true);
  });

  it('is written at most once a day', async () => {
    await limiter.remember(ANN, HOME);
    const [first] = await rows('known_addresses');
    await limiter.remember(ANN, HOME);
    expect(await rows('known_addresses')).toEqual([first]);
    await app.dataSource.query(`UPDATE known_addresses SET expires_at = expires_at - interval '25 hours'`);
    await limiter.remember(ANN, HOME);
    const [renewed] = await rows('known_addresses');
    expect((renewed?.expires_at as Date).getTime()).toBeGreaterThanOrEqual(
      (first?.expires_at as Date).getTime(),
    );
  });
});

describe('the tables', () => {
  it('hold hashes, neither e-mails nor addresses', async () => {
    await take({ account: ANN });
    await limiter.remember(ANN, HOME);
    for (const { key } of [...(await rows('attempts')), ...(await rows('known_addresses'))]) {
      expect(key).toHaveLength(32);
    }
  });

  it('are unlogged where that is all the same', async () => {
    expect(
      await app.dataSource.query(
        `SELECT relname, relpersistence FROM pg_class WHERE relname IN ('attempts', 'known_addresses') ORDER BY 1`,
      ),
    ).toEqual([
      { relname: 'attempts', relpersistence: 'u' },
      { relname: 'known_addresses', relpersistence: 'p' },
    ]);
  });

  it('forget what ended an hour ago, however much, and nothing else', async () => {
    await app.dataSource.query(
      `INSERT INTO attempts SELECT sha256(n::text::bytea), 1, 0, now() - interval '1 hour' FROM generate_series(1, 2500) n`,
    );
    await app.dataSource.query(
      `INSERT INTO known_addresses SELECT sha256(n::text::bytea), now() FROM generate_series(1, 2500) n`,
    );
    await take({ account: ANN });
    await wait(60);
    await take({ account: ANN, network: AWAY });
    await limiter.remember(ANN, HOME);
    await limiter.removeOld({ signal: new AbortController().signal });
    expect([(await rows('attempts')).length, (await rows('known_addresses')).length]).toEqual([3, 1]);
  });
});

describe('an account', () => {
  it('is the same in all spellings that PostgreSQL takes for one', async () => {
    const letters = await app.dataSource.query<{ upper: string; lower: string }[]>(
      `SELECT chr(n) AS upper, lower(chr(n)) AS lower FROM generate_series(1, 1114111) n
       WHERE n NOT BETWEEN 55296 AND 57343 AND chr(n) <> lower(chr(n))`,
    );
    expect(letters.length).toBeGreaterThan(1000);
    const email = (side: 'upper' | 'lower', from: number) =>
      letters.slice(from, from + 100).reduce((text, letter) => text + letter[side], '');
    for (let from = 0; from < letters.length; from += 100) {
      await take({ account: email('upper', from), factor: 100 });
      const [, account] = await take({ account: email('lower', from), factor: 100 });
      expect(account?.hits, email('lower', from)).toBe(2);
    }
    for (const account of ['VİCTİM@example.com', ' victim@example.com '])
      await take({ account, factor: 100 });
    expect((await take({ account: 'victim@example.com', factor: 100 })).at(-1)?.hits).toBe(3);
  });
});
