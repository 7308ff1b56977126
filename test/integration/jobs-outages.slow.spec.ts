import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { JobRegistry } from '../../src/platform/jobs/job-registry.js';
import { WorkerLease } from '../../src/platform/jobs/worker-lease.js';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { openLink } from '../support/database-link.js';
import { holdTimers } from '../support/held-timers.js';
import { jobsIn, runJobsNow, startJobs } from '../support/jobs.js';
import type { TestJobs } from '../support/jobs.js';
import { until } from '../support/until.js';

const nothing = (): void => undefined;

let database: TestDatabase;
/** A way to the database that no outage is simulated on. */
let observer: DataSource;
let cleanups: (() => Promise<unknown>)[];
let done: string[];
let warnings: unknown[];

beforeEach(async () => {
  done = [];
  warnings = [];
  database = await createDatabase();
  observer = await new DataSource({ type: 'postgres', url: database.url }).initialize();
  cleanups = [() => database.drop(), () => observer.destroy()];
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

async function start(register: (registry: JobRegistry) => void, url = database.url): Promise<TestJobs> {
  const registerAll = (registry: JobRegistry) => {
    registry.handle<{ name: string }>('tests.note', ({ name }) => {
      done.push(name);
      return Promise.resolve();
    });
    register(registry);
  };
  const logger = {
    log: nothing,
    error: nothing,
    debug: nothing,
    warn: (line: unknown) => warnings.push(line),
  };
  const jobs = await startJobs(url, registerAll, { logger });
  cleanups.push(() => jobs.close());
  return jobs;
}

const isWarned = (text: string): boolean => warnings.some((line) => textOf(line).includes(text));
const textOf = (line: unknown): string =>
  typeof line === 'string' ? line : String((line as { msg?: string }).msg);

const connections = async (): Promise<number> => {
  const [row] = await observer.query<{ count: number }[]>(
    `SELECT count(*)::int FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'stockroom-jobs'`,
  );
  return row?.count ?? 0;
};

describe('the worker', () => {
  it('goes on when all its connections were cut', async () => {
    const jobs = await start(nothing);
    await jobs.add('tests.note', { name: 'before' });
    await until(() => done.includes('before'));
    const cut = await observer.query<unknown[]>(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    expect(cut.length).toBeGreaterThan(2);
    await until(() =>
      jobs.add('tests.note', { name: 'after' }).then(
        () => true,
        () => false,
      ),
    );
    await until(() => done.includes('after'));
  });

  it('goes on when the database was away while a job ended, and does that job again', async () => {
    const link = await openLink(database.url);
    cleanups.push(() => link.cut());
    const jobs = await start(
      (registry) =>
        registry.handle('tests.cut', async () => {
          done.push('cut');
          if (done.filter((name) => name === 'cut').length === 1) await link.cut();
        }),
      link.url,
    );
    await jobs.add('tests.cut');
    await until(() => done.includes('cut'));
    await until(() => isWarned('The worker of the job queue ended'));
    await link.open();
    await until(() =>
      jobs.add('tests.note', { name: 'after' }).then(
        () => true,
        () => false,
      ),
    );
    await until(() => done.includes('after'));
    // What it could not write down is found by its next life, or by another instance.
    const lease = leaseOf('another');
    await until(() => done.filter((name) => name === 'cut').length === 2);
    await lease.release();
    await until(async () => (await jobsIn(observer)).length === 0);
  });

  it('goes on when the database was away while it had nothing to do', async () => {
    const link = await openLink(database.url);
    cleanups.push(() => link.cut());
    const jobs = await start(nothing, link.url);
    await jobs.add('tests.note', { name: 'before' });
    await until(async () => done.includes('before') && (await jobsIn(observer)).length === 0);
    await link.cut();
    // It has noticed: while it listened, or, on a slow machine, before it had heard that its job is off the queue.
    await until(
      () => isWarned('Error with notify listener') || isWarned('The worker of the job queue ended'),
    );
    await link.open();
    await until(() =>
      jobs.add('tests.note', { name: 'after' }).then(
        () => true,
        () => false,
      ),
    );
    await until(() => done.includes('after'));
  });

  it('goes on when the database went away in its first moments', async () => {
    const link = await openLink(database.url);
    cleanups.push(() => link.cut());
    // Of all that it asks at its start, graphile-worker asks this only once in its life.
    const query = Reflect.get(pg.Client.prototype, 'query') as (...input: unknown[]) => unknown;
    let isCut: Promise<void> | undefined;
    vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (
      this: pg.Client,
      ...input: unknown[]
    ) {
      if (JSON.stringify(input[0] ?? '').includes('._private_tasks as tasks')) isCut ??= link.cut();
      return query.apply(this, input) as never;
    });
    const jobs = await start(nothing, link.url);
    await (
      await until(() => isCut && [isCut])
    )[0];
    await link.open();
    await until(() =>
      jobs.add('tests.note', { name: 'after' }).then(
        () => true,
        () => false,
      ),
    );
    await until(() => done.includes('after'));
  });
});

/** How long jobs in flight may go on after a stop, until they are told, and then given back; how long others wait for that. */
const TELL_MS = 3000;
const GIVE_BACK_MS = 4000;
const GIVEN_BACK_MS = 1000;
const CLOSE_MS = 500;

describe('a stop', () => {
  let timers: ReturnType<typeof holdTimers>;
  beforeEach(() => {
    timers = holdTimers(TELL_MS, GIVE_BACK_MS, GIVEN_BACK_MS, CLOSE_MS);
  });
  afterEach(() => timers.restore());

  it('lets jobs in flight finish, and leaves no connection behind', async () => {
    const finish = Promise.withResolvers<undefined>();
    const jobs = await start((registry) =>
      registry.handle('tests.slow', async () => {
        done.push('begun');
        await finish.promise;
        done.push('finished');
      }),
    );
    await jobs.add('tests.slow');
    await until(() => done.includes('begun'));
    expect(await connections()).toBeGreaterThan(1);
    const closed = jobs.close().then(() => done.push('closed'));
    await until(() => timers.waiting(GIVE_BACK_MS) === 1);
    finish.resolve(undefined);
    await closed;
    expect(done).toEqual(['begun', 'finished', 'closed']);
    expect(await jobsIn(observer)).toEqual([]);
    await until(async () => (await connections()) === 0);
  });

  it('waits for no time to pass when there is nothing to do', async () => {
    const jobs = await start(nothing);
    await until(async () => (await connections()) > 1);
    // With all that it could wait for held, it would never end.
    await jobs.close();
  });

  it('tells jobs that take long, gives them back, and is over in time', async () => {
    const signals: AbortSignal[] = [];
    let endAtLast = nothing;
    let isAgain = false;
    const register = (registry: JobRegistry) => {
      registry.handle('tests.endless', (_payload, { signal }) => {
        signals.push(signal);
        return isAgain ? Promise.resolve() : new Promise<void>((resolve) => (endAtLast = resolve));
      });
      registry.handle('tests.obedient', (_payload, { signal }) => {
        signals.push(signal);
        if (isAgain) return Promise.resolve();
        return new Promise<void>((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(new Error('told to end'))),
        );
      });
    };
    const jobs = await start(register);
    await jobs.add('tests.endless');
    await jobs.add('tests.obedient');
    await until(() => signals.length === 2);
    const closed = jobs.close();
    await until(() => timers.waiting(TELL_MS) > 0 && timers.waiting(GIVE_BACK_MS) === 1);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
    await until(() => {
      timers.fire(TELL_MS);
      return signals.every(({ aborted }) => aborted);
    });
    await until(async () => (await jobsIn(observer))[1]?.last_error === 'told to end');
    timers.fire(GIVE_BACK_MS);
    await until(async () => (await jobsIn(observer))[0]?.locked_by === null);
    await until(() => timers.waiting(CLOSE_MS) === 1);
    timers.fire(CLOSE_MS);
    await closed;
    expect(await jobsIn(observer)).toMatchObject([
      { name: 'tests.endless', locked_by: null, attempts: 1, last_error: 'The service stopped' },
      { name: 'tests.obedient', locked_by: null, attempts: 1, last_error: 'told to end' },
    ]);
    // It ends after all, and nobody wants to know: it will be done again.
    endAtLast();
    isAgain = true;
    await start(register);
    await runJobsNow(observer);
    await until(() => signals.length === 4);
    expect(warnings.filter((line) => String(line).includes('Failed to release'))).toEqual([]);
  });
});

describe('the jobs of a worker that was killed', () => {
  it('are done by another one soon, but not those of a worker that lives', async () => {
    // The looks of one lease, in the hands of this test.
    const timers = holdTimers(LOOK_MS);
    cleanups.push(() => {
      timers.restore();
      return Promise.resolve();
    });
    const look = async () => {
      timers.fire(LOOK_MS);
      await until(() => timers.waiting(LOOK_MS) === 1);
    };
    const jobs = await start(nothing);
    const alive = leaseOf('pool-alive', RARELY_MS);
    await until(async () => (await leases()).length === 2);
    await jobs.add('tests.note', { name: 'of the dead' }, { runAt: new Date('2100-01-01') });
    await jobs.add('tests.note', { name: 'of the living' }, { runAt: new Date('2100-01-01') });
    await observer.query(
      `UPDATE graphile_worker._private_jobs SET run_at = now(), locked_at = now(),
         locked_by = CASE payload->>'name' WHEN 'of the dead' THEN 'pool-dead' ELSE 'pool-alive' END`,
    );
    const looking = leaseOf(`pool-${randomUUID()}`, LOOK_MS);
    // One look is not enough: the worker may be about to take its lease again.
    await until(() => timers.waiting(LOOK_MS) === 1);
    expect(await jobsIn(observer)).toMatchObject([{ locked_by: 'pool-dead' }, { locked_by: 'pool-alive' }]);
    await look();
    await until(() => done.length > 0);
    for (let looks = 0; looks < 3; looks += 1) await look();
    await until(async () => (await jobsIn(observer)).length === 1);
    expect(done).toEqual(['of the dead']);
    expect(await jobsIn(observer)).toMatchObject([{ locked_by: 'pool-alive' }]);
    await alive.release();
    await until(async () => (await leases()).length === 2);
    for (let looks = 0; looks < 2; looks += 1) await look();
    await until(() => done.includes('of the living'));
    await looking.release();
  });

  it('are safe while the connection of a living one is made anew', async () => {
    const alive = leaseOf('pool-alive', RARELY_MS);
    await until(async () => (await leases()).length === 1);
    const [before] = await leases();
    await observer.query('SELECT pg_terminate_backend($1)', [before]);
    await until(async () => {
      const [after] = await leases();
      return after !== undefined && after !== before;
    });
    await alive.release();
    await until(async () => (await leases()).length === 0);
  });
});

/** Of a length that nothing else waits. */
const LOOK_MS = 712;
/** Not within a test. */
const RARELY_MS = 600_000;

const leaseOf = (id: string, lookEveryMs = 100): WorkerLease =>
  new WorkerLease(
    { connectionString: database.url },
    id,
    new Logger('test', { timestamp: false }),
    lookEveryMs,
  );

/** The connections that hold one. */
const leases = async (): Promise<number[]> => {
  const rows = await observer.query<{ pid: number }[]>(
    `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  return rows.map(({ pid }) => pid);
};
