import type { LoggerService } from '@nestjs/common';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { currentContext } from '../../src/http/context/request-context.js';
import { JobRegistry } from '../../src/platform/jobs/job-registry.js';
import { CONCURRENCY } from '../../src/platform/jobs/worker.js';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { holdTimers } from '../support/held-timers.js';
import { jobsIn, runJobsNow, startJobs } from '../support/jobs.js';
import type { TestJobs } from '../support/jobs.js';
import { until } from '../support/until.js';

let database: TestDatabase;
let jobs: TestJobs;

beforeEach(async () => {
  database = await createDatabase();
});
afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await jobs.close();
  await database.drop();
});

/** A job that writes down what it was given. */
const noting = (list: unknown[], note?: unknown) => (payload: object) => {
  list.push(note ?? payload);
  return Promise.resolve();
};

/** How often graphile-worker looks for jobs that it is not told of. */
const LOOK_EVERY_MS = 2000;

const start = async (register: (registry: JobRegistry) => void, logger?: LoggerService): Promise<void> => {
  jobs = await startJobs(database.url, register, logger && { logger });
};

describe('a job', () => {
  it('is done once the transaction has committed, and never if it rolls back', async () => {
    const done: unknown[] = [];
    await start((registry) => registry.handle('tests.note', noting(done)));
    const rolledBack = jobs.dataSource.transaction(async (tx) => {
      await jobs.queue.add(tx, 'tests.note', { n: 1 });
      throw new Error('changed my mind');
    });
    await expect(rolledBack).rejects.toThrow('changed my mind');
    // The queue knows the name of the job once the first one is committed; until then, others of that name would wait.
    await jobs.add('tests.note', { n: 0 });
    await until(() => done.length > 0);
    await jobs.dataSource.transaction(async (tx) => {
      await jobs.queue.add(tx, 'tests.note', { n: 2 });
      // The worker looks for jobs meanwhile.
      await jobs.add('tests.note', { n: 3 });
      await until(() => done.length > 1);
      expect(done).toEqual([{ n: 0 }, { n: 3 }]);
    });
    await until(() => done.length > 2);
    await until(async () => (await jobsIn(jobs.dataSource)).length === 0);
    expect(done).toEqual([{ n: 0 }, { n: 3 }, { n: 2 }]);
  });

  it('is taken at once, not at the next look', async () => {
    const timers = holdTimers(LOOK_EVERY_MS);
    try {
      const done: unknown[] = [];
      await start((registry) => registry.handle('tests.note', noting(done)));
      // Whoever looks from now on was told to.
      await until(() => timers.waiting(LOOK_EVERY_MS) === CONCURRENCY);
      for (let n = 1; n <= 4; n += 1) {
        await jobs.add('tests.note');
        await until(() => done.length === n);
      }
    } finally {
      timers.restore();
    }
  });

  it('waits for its time, and gives way to another one under its key', async () => {
    const done: unknown[] = [];
    await start((registry) => registry.handle('tests.note', noting(done)));
    const runAt = new Date(Date.now() + 3_600_000);
    await jobs.add('tests.note', { n: 1 }, { runAt, key: 'note' });
    await jobs.add('tests.note', { n: 2 }, { runAt, key: 'note', maxAttempts: 3 });
    expect(await jobsIn(jobs.dataSource)).toMatchObject([
      { name: 'tests.note', payload: { n: 2 }, run_at: runAt, max_attempts: 3, attempts: 0 },
    ]);
    await runJobsNow(jobs.dataSource);
    await until(() => done.length > 0);
    expect(done).toEqual([{ n: 2 }]);
  });

  it('that throws is tried again later and later, then given up, and the log says so without its payload', async () => {
    const lines: { level: string; line: Record<string, unknown>; trace: string | undefined }[] = [];
    const write = (level: string) => (line: Record<string, unknown>) =>
      void lines.push({ level, line, trace: currentContext()?.traceId });
    const logger = { log: write('log'), debug: write('debug'), warn: write('warn'), error: write('error') };
    let tries = 0;
    const hasLooked = Promise.withResolvers<undefined>();
    const others: unknown[] = [];
    await start((registry) => {
      registry.handle('tests.fail', async () => {
        tries += 1;
        // Also where its second time comes before this test has looked at the first.
        if (tries === 2) await hasLooked.promise;
        throw new Error(`no luck ${tries}`);
      });
      registry.handle('tests.note', noting(others));
    }, logger);
    const addedAt = Date.now();
    await jobs.add('tests.fail', { email: 'ann@example.com' }, { maxAttempts: 2 });
    await until(async () => (await jobsIn(jobs.dataSource))[0]?.last_error === 'no luck 1');
    const [job] = await jobsIn(jobs.dataSource);
    // It failed between then and now.
    expect(Number(job?.run_at.getTime()) - addedAt).toBeGreaterThanOrEqual(2718);
    expect(Number(job?.run_at.getTime()) - Date.now()).toBeLessThan(2719);
    hasLooked.resolve(undefined);
    await runJobsNow(jobs.dataSource);
    await until(async () => (await jobsIn(jobs.dataSource))[0]?.last_error === 'no luck 2');
    await runJobsNow(jobs.dataSource);
    // Who takes a later job has looked at this one, or somebody else was taking it, whose lock is waited for.
    await jobs.add('tests.note');
    await until(() => others.length > 0);
    await jobs.dataSource.query('SELECT FROM graphile_worker._private_jobs FOR UPDATE');
    expect(await jobsIn(jobs.dataSource)).toContainEqual(
      expect.objectContaining({ name: 'tests.fail', attempts: 2, locked_by: null }),
    );
    expect(tries).toBe(2);

    const told = lines.filter(({ line }) => String(line.msg).startsWith('Job '));
    expect(told).toMatchObject([
      { level: 'warn', line: { msg: 'Job tests.fail failed, attempt 1 of 2, next in 3 s' } },
      { level: 'error', line: { msg: 'Job tests.fail failed, attempt 2 of 2: it is given up' } },
    ]);
    expect(told.map(({ line }) => (line.err as Error).message)).toEqual(['no luck 1', 'no luck 2']);
    expect(new Set(told.map(({ trace }) => trace)).size).toBe(2);
    expect(JSON.stringify(lines)).not.toContain('ann@example.com');
  });

  it('has 25 attempts unless told otherwise', async () => {
    await start((registry) => registry.handle('tests.note', () => Promise.resolve()));
    await jobs.add('tests.note', {}, { runAt: new Date('2100-01-01') });
    expect(await jobsIn(jobs.dataSource)).toMatchObject([{ max_attempts: 25 }]);
  });

  it('runs in a context of its own, whose ids are in every line of the log', async () => {
    const traces: (string | undefined)[] = [];
    await start((registry) =>
      registry.handle('tests.note', () => Promise.resolve(void traces.push(currentContext()?.traceId))),
    );
    await jobs.add('tests.note');
    await jobs.add('tests.note');
    await until(() => traces.length === 2);
    expect(traces[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(traces[1]).not.toBe(traces[0]);
  });
});

describe('the registry of jobs', () => {
  it('refuses what can only be a mistake', async () => {
    let registry = new JobRegistry();
    await start((given) => {
      registry = given;
      given.handle('tests.note', () => Promise.resolve());
      expect(() => given.handle('tests.note', () => Promise.resolve())).toThrow(
        'Two handlers for the job tests.note',
      );
      expect(() => given.schedule('tests.other', 'at noon', () => Promise.resolve())).toThrow(/cron/i);
    });
    await expect(jobs.add('tests.typo')).rejects.toThrow('Nobody handles the job tests.typo');
    expect(() => registry.handle('tests.late', () => Promise.resolve())).toThrow(
      'tests.late is registered too late',
    );
    expect(await jobsIn(jobs.dataSource)).toEqual([]);
  });
});

describe('a schedule', () => {
  it('is kept in UTC, by one of several instances', async () => {
    // The minute before this one is about to end, wherever the machine stands, and lasts until the test has it end.
    vi.stubEnv('TZ', 'Asia/Kolkata');
    expect(new Date().getTimezoneOffset()).toBe(-330);
    vi.useFakeTimers({ toFake: ['Date'] });
    const ended = new Date();
    ended.setUTCSeconds(0, 0);
    vi.setSystemTime(ended.getTime() - 50);
    const cron = `${ended.getUTCMinutes()} ${ended.getUTCHours()} * * *`;
    const runs: string[] = [];
    const hasLooked = Promise.withResolvers<undefined>();
    const register = (name: string) => (registry: JobRegistry) => {
      registry.schedule('tests.due', cron, async () => {
        runs.push(name);
        await hasLooked.promise;
        throw new Error('no luck');
      });
      registry.schedule('tests.other', `${(ended.getUTCMinutes() + 30) % 60} * * * *`, noting(runs, 'other'));
    };
    const asked = countScheduling();
    await start(register('a'));
    const second = await startJobs(database.url, register('b'));
    await until(() => asked.known === 2);
    vi.setSystemTime(ended.getTime() + 50);
    await until(() => asked.due === 2);
    await until(() => runs.length > 0);
    expect(runs).toHaveLength(1);
    expect(['a', 'b']).toContain(runs[0]);
    // By its key, the next one will take the place of this one, also when it still fails.
    const job = { name: 'tests.due', key: 'tests.due' };
    expect(await jobsIn(jobs.dataSource)).toMatchObject([{ ...job, attempts: 1 }]);
    hasLooked.resolve(undefined);
    await until(async () => (await jobsIn(jobs.dataSource))[0]?.last_error === 'no luck');
    expect(await jobsIn(jobs.dataSource)).toMatchObject([job]);
    await second.close();
  });
});

/** How often, in this process, somebody has asked which schedules are known, and has then put what is due into the queue. */
function countScheduling(): { known: number; due: number } {
  const counts = { known: 0, due: 0 };
  const query = Reflect.get(pg.Pool.prototype, 'query') as (...input: unknown[]) => Promise<unknown>;
  const count = (text: string) => {
    if (/SELECT \* FROM .*_private_known_crontabs/.test(text)) counts.known += 1;
    if (/insert into .*_private_known_crontabs.*add_job/.test(text)) counts.due += 1;
  };
  vi.spyOn(pg.Pool.prototype, 'query').mockImplementation(function (this: pg.Pool, ...input: unknown[]) {
    const answer = query.apply(this, input);
    answer.then(
      () => count(JSON.stringify(input[0])),
      () => undefined,
    );
    return answer as never;
  });
  return counts;
}
