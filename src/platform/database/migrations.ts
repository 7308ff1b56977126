import { MigrationExecutor } from 'typeorm';
import type { DataSource } from 'typeorm';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import { migrations } from '../../../migrations/index.js';
import { installQueue, isQueueInstalled, QUEUE_MIGRATION } from './queue-schema.js';

/** An arbitrary number that every Stockroom knows: who holds this advisory lock may change the schema. */
const MIGRATION_LOCK = 7_305_411_203;

/** Everything that `runMigrations` does, oldest first; the job queue's own schema comes last. */
export const migrationNames: readonly string[] = [...migrations.map(({ name }) => name), QUEUE_MIGRATION];

/** Runs what is pending, all or nothing; of several instances that start at once, one works and the others wait for it. */
export async function runMigrations(dataSource: DataSource): Promise<string[]> {
  return withMigrationLock(dataSource, async (executor) => {
    const done = (await executor.executePendingMigrations()).map(({ name }) => name);
    const { url = '' } = dataSource.options as PostgresDataSourceOptions;
    return (await installQueue(url)) ? [...done, QUEUE_MIGRATION] : done;
  });
}

/** Undoes the newest migration; the job queue's schema stays. Returns its name, or undefined if there is none. */
export async function revertMigration(dataSource: DataSource): Promise<string | undefined> {
  return withMigrationLock(dataSource, async (executor) => {
    // TypeORM sorts by row id: the newest first.
    const [newest] = await executor.getExecutedMigrations();
    await executor.undoLastMigration();
    return newest?.name;
  });
}

/** The names of the migrations that the database lacks, oldest first. */
export async function pendingMigrations(dataSource: DataSource): Promise<string[]> {
  const [table] = await dataSource.query<{ found: boolean }[]>(
    `SELECT to_regclass('migrations') IS NOT NULL AS found`,
  );
  const rows = table?.found ? await dataSource.query<{ name: string }[]>('SELECT name FROM migrations') : [];
  const executed = new Set(rows.map(({ name }) => name));
  if (await isQueueInstalled((text, values) => dataSource.query(text, values))) executed.add(QUEUE_MIGRATION);
  return migrationNames.filter((name) => !executed.has(name));
}

/** The statements that would make the schema what the entities say (none, or a migration is missing), and back. */
export async function schemaDifferences(dataSource: DataSource): Promise<{ up: string[]; down: string[] }> {
  const { upQueries, downQueries } = await dataSource.driver.createSchemaBuilder().log();
  return {
    up: upQueries.map(({ query }) => query),
    down: downQueries.map(({ query }) => query).toReversed(),
  };
}

/** The work gets the very connection that holds the lock: it takes one, however small the pool, and no request's time limit. */
async function withMigrationLock<T>(
  dataSource: DataSource,
  work: (executor: MigrationExecutor) => Promise<T>,
): Promise<T> {
  const runner = dataSource.createQueryRunner();
  try {
    // Waiting for another instance, and building an index, may take longer than any request may.
    await runner.query('SET statement_timeout = 0');
    await runner.query('SET lock_timeout = 0');
    await runner.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    // Waiting for a table would hold up everybody who comes after: better to fail, and be run again.
    await runner.query('RESET lock_timeout');
    const executor = new MigrationExecutor(dataSource, runner);
    executor.transaction = 'all';
    return await work(executor);
  } finally {
    // A broken connection has lost its lock and its settings anyway.
    await runner
      .query('SELECT pg_advisory_unlock_all(); RESET statement_timeout; RESET lock_timeout')
      .catch(() => undefined);
    await runner.release();
  }
}
