import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pendingMigrations, runMigrations } from '../../src/platform/database/migrations.js';
import { installQueue, QUEUE_MIGRATION, QUEUE_VERSION } from '../../src/platform/database/queue-schema.js';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { jobsIn, startJobs } from '../support/jobs.js';
import { until } from '../support/until.js';

let database: TestDatabase;
let owner: DataSource;

beforeEach(async () => {
  database = await createDatabase();
  owner = await new DataSource({ type: 'postgres', url: database.url }).initialize();
});
afterEach(async () => {
  await owner.destroy();
  await database.drop();
});

describe('the schema of the queue', () => {
  it('is the one of the installed graphile-worker', async () => {
    const [newest] = await owner.query<{ id: number }[]>(
      'SELECT max(id) AS id FROM graphile_worker.migrations',
    );
    expect(newest?.id).toBe(QUEUE_VERSION);
    expect(await pendingMigrations(owner)).toEqual([]);
    expect(await installQueue(database.url)).toBe(false);
  });

  it.each([
    ['missing', 'DROP SCHEMA graphile_worker CASCADE'],
    ['half made', 'DROP SCHEMA graphile_worker CASCADE; CREATE SCHEMA graphile_worker'],
    ['not open to others', 'ALTER TABLE graphile_worker._private_jobs ENABLE ROW LEVEL SECURITY'],
  ])('is pending when it is %s, and made by the migrations', async (_state, sql) => {
    await owner.query(sql);
    expect(await pendingMigrations(owner)).toEqual([QUEUE_MIGRATION]);
    expect(await runMigrations(owner)).toEqual([QUEUE_MIGRATION]);
    expect(await pendingMigrations(owner)).toEqual([]);
    expect(await runMigrations(owner)).toEqual([]);
  });

  it('is pending when it is older than the installed graphile-worker wants', async () => {
    await owner.query('DELETE FROM graphile_worker.migrations WHERE id = $1', [QUEUE_VERSION]);
    expect(await pendingMigrations(owner)).toEqual([QUEUE_MIGRATION]);
  });
});

describe('a role that owns nothing', () => {
  it('adds and does jobs with no more than these privileges', async () => {
    const role = `service_${randomUUID().replaceAll('-', '')}`;
    await owner.query(`
      CREATE ROLE ${role} LOGIN PASSWORD 'secret of ${role}';
      GRANT USAGE ON SCHEMA public, graphile_worker TO ${role};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public, graphile_worker TO ${role};
      GRANT USAGE ON ALL SEQUENCES IN SCHEMA public, graphile_worker TO ${role};
      GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public, graphile_worker TO ${role};
    `);
    try {
      const url = Object.assign(new URL(database.url), { username: role, password: `secret of ${role}` });
      const done: unknown[] = [];
      let tries = 0;
      const jobs = await startJobs(url.href, (registry) => {
        registry.handle('tests.note', (payload) => Promise.resolve(void done.push(payload)));
        registry.handle('tests.fail', () => Promise.reject(new Error(`no luck ${(tries += 1)}`)));
        registry.schedule('tests.nightly', '0 3 * * *', () => Promise.resolve());
      });
      expect(await jobs.dataSource.query('SELECT current_user AS role')).toEqual([{ role }]);
      expect(await pendingMigrations(jobs.dataSource)).toEqual([]);
      await jobs.add('tests.note', { n: 1 });
      await jobs.add('tests.fail');
      await until(() => done.length === 1);
      await until(async () => (await jobsIn(owner)).length === 1);
      // On a slow machine, it may have failed more than once.
      await until(async () => /^no luck \d+$/.test(String((await jobsIn(owner))[0]?.last_error)));
      const known = await owner.query<{ identifier: string }[]>(
        'SELECT identifier FROM graphile_worker._private_known_crontabs',
      );
      expect(known).toContainEqual({ identifier: 'tests.nightly' });
      await jobs.close();
    } finally {
      await owner.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });
});
