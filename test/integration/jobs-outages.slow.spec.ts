import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobRegistry } from '../../src/jobs/job-registry.js';
import { WorkerLease } from '../../src/jobs/worker-lease.js';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { openLink } from '../support/database-link.js';
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
    await sleep(500);
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
    await link.cut();
    await sleep(1500);
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

describe('a stop', () => {
  it('lets jobs in flight finish, and leaves no connection behind', async () => {
    const jobs = await start((registry) =>
      registry.handle('tests.slow', async () => {
        done.push('begun');
        await sleep(700);
        done.push('finished');
      }),
    );
    await jobs.add('tests.slow');
    await until(() => done.includes('begun'));
    expect(await connections()).toBeGreaterThan(1);
    await jobs.close();
    expect(done).toEqual(['begun', 'finished']);
    expect(await jobsIn(observer)).toEqual([]);
    await until(async () => (await connections()) === 0);
  });

  it('takes no time when there is nothing to do', async () => {
    const jobs = await start(nothing);
    await until(async () => (await connections()) > 1);
    const startedAt = performance.now();
    await jobs.close();
    expect(performance.now() - startedAt).toBeLessThan(500);
  });

  it('tells jobs that take long, gives them back, and is over in time', async () => {
    const signals: AbortSignal[] = [];
    let endAtLast = nothing;
    const register = (registry: JobRegistry) => {
      registry.handle('tests.endless', (_payload, { signal }) => {
        signals.push(signal);
        return new Promise<void>((resolve) => (endAtLast = resolve));
      });
      registry.handle('tests.obedient', (_payload, { signal }) => {
        signals.push(signal);
        return new Promise<void>((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(new Error('told to end'))),
        );
      });
    };
    const jobs = await start(register);
    await jobs.add('tests.endless');
    await jobs.add('tests.obedient');
    await until(() => signals.length === 2);
    const startedAt = performance.now();
    await jobs.close();
    expect(performance.now() - startedAt).toBeLessThan(6000);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(await jobsIn(observer)).toMatchObject([
      { name: 'tests.endless', locked_by: null, attempts: 1, last_error: 'The service stopped' },
      { name: 'tests.obedient', locked_by: null, attempts: 1, last_error: 'told to end' },
    ]);
    // It ends after all, and nobody wants to know: it will be done again.
    endAtLast();
    await sleep(100);
    expect(warnings.filter((line) => String(line).includes('Failed to release'))).toEqual([]);
    await start(register);
    await runJobsNow(observer);
    await until(() => signals.length === 4);
  });
});

describe('the jobs of a worker that was killed', () => {
  it('are done by another one soon, but not those of a worker that lives', async () => {
    const jobs = await start(nothing);
    const alive = leaseOf('pool-alive');
    await jobs.add('tests.note', { name: 'of the dead' }, { runAt: new Date('2100-01-01') });
    await jobs.add('tests.note', { name: 'of the living' }, { runAt: new Date('2100-01-01') });
    await observer.query(
      `UPDATE graphile_worker._private_jobs SET run_at = now(), locked_at = now(),
         locked_by = CASE payload->>'name' WHEN 'of the dead' THEN 'pool-dead' ELSE 'pool-alive' END`,
    );
    const looking = leaseOf(`pool-${randomUUID()}`, 700);
    // One look is not enough: the worker may be about to take its lease again.
    await until(async () => (await leases()) === 3);
    await sleep(300);
    expect(done).toEqual([]);
    await until(() => done.length > 0);
    await sleep(300);
    expect(done).toEqual(['of the dead']);
    expect(await jobsIn(observer)).toMatchObject([{ locked_by: 'pool-alive' }]);
    await alive.release();
    await until(() => done.includes('of the living'));
    await looking.release();
  });

  it('are safe while the connection of a living one is made anew', async () => {
    const alive = leaseOf('pool-alive', 15_000);
    await until(async () => (await leases()) === 1);
    await observer.query(
      `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    await until(async () => (await leases()) === 0);
    await until(async () => (await leases()) === 1);
    await alive.release();
    await until(async () => (await leases()) === 0);
  });
});

const leaseOf = (id: string, lookEveryMs = 100): WorkerLease =>
  new WorkerLease(
    { connectionString: database.url },
    id,
    new Logger('test', { timestamp: false }),
    lookEveryMs,
  );

const leases = async (): Promise<number> => {
  const rows = await observer.query<unknown[]>(
    `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  return rows.length;
};
