import type { DataSource } from 'typeorm';
import { migrations } from '../../migrations/index.js';

/** An arbitrary number that every Stockroom knows: who holds this advisory lock may change the schema. */
const MIGRATION_LOCK = 7_305_411_203;

/** Runs what is pending; of several instances that start at once, one works and the others wait for it. */
export async function runMigrations(dataSource: DataSource): Promise<string[]> {
  return withMigrationLock(dataSource, async () => {
    const done = await dataSource.runMigrations({ transaction: 'all' });
    return done.map(({ name }) => name);
  });
}

/** Undoes the newest migration. */
export async function revertMigration(dataSource: DataSource): Promise<void> {
  await withMigrationLock(dataSource, () => dataSource.undoLastMigration({ transaction: 'all' }));
}

/** The names of the migrations that the database lacks, oldest first. */
export async function pendingMigrations(dataSource: DataSource): Promise<string[]> {
  const [table] = await dataSource.query<{ found: boolean }[]>(
    `SELECT to_regclass('migrations') IS NOT NULL AS found`,
  );
  const rows = table?.found ? await dataSource.query<{ name: string }[]>('SELECT name FROM migrations') : [];
  const executed = new Set(rows.map(({ name }) => name));
  return migrations.map(({ name }) => name).filter((name) => !executed.has(name));
}

/** The statements that would make the schema what the entities say: none, or a migration is missing. */
export async function schemaDifferences(dataSource: DataSource): Promise<{ up: string[]; down: string[] }> {
  const { upQueries, downQueries } = await dataSource.driver.createSchemaBuilder().log();
  return {
    up: upQueries.map(({ query }) => query),
    down: downQueries.map(({ query }) => query).toReversed(),
  };
}

async function withMigrationLock<T>(dataSource: DataSource, work: () => Promise<T>): Promise<T> {
  const holder = dataSource.createQueryRunner();
  try {
    // Waiting for another instance's migration, and building an index, may take longer than any request may.
    await holder.query('SET statement_timeout = 0');
    await holder.query('SET lock_timeout = 0');
    await holder.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    return await work();
  } finally {
    await holder.query('SELECT pg_advisory_unlock_all()');
    await holder.query('RESET statement_timeout');
    await holder.query('RESET lock_timeout');
    await holder.release();
  }
}
