import { Logger, runMigrations } from 'graphile-worker';
import pg from 'pg';

/** The newest of the migrations that the installed graphile-worker brings along; a test holds the two together. */
export const QUEUE_VERSION = 20;

/** What takes the place of a migration's name wherever those are listed. */
export const QUEUE_MIGRATION = `graphile_worker schema ${QUEUE_VERSION}`;

/** Waiting for a table would hold up everybody who comes after: better to fail, and be run again. */
const LOCK_TIMEOUT_MS = 5000;

/**
 * graphile-worker enables row level security on its tables and makes no policy, so that they are empty to every role but
 * their owner. The service's role may be another one than that of the migrations, and privileges guard them already.
 */
const OPEN_ROWS_TO_GRANTEES = `
  DO $$
  DECLARE guarded regclass;
  BEGIN
    FOR guarded IN
      SELECT oid FROM pg_class WHERE relnamespace = 'graphile_worker'::regnamespace AND relrowsecurity
    LOOP
      EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', guarded);
    END LOOP;
  END $$`;

type Query = <Row extends object>(text: string, values?: unknown[]) => Promise<Row[]>;

/**
 * Makes the schema of the job queue, or brings it up to date. graphile-worker does that in transactions of its own, hence
 * the connection of its own. @returns whether there was anything to do
 */
export async function installQueue(url: string): Promise<boolean> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    application_name: 'stockroom',
    connectionTimeoutMillis: 3000,
    lock_timeout: LOCK_TIMEOUT_MS,
  });
  // A connection that breaks fails the query that it is used for.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  try {
    const query: Query = async <Row extends object>(text: string, values?: unknown[]) =>
      (await pool.query<Row>(text, values)).rows;
    if (await isQueueInstalled(query)) return false;
    await runMigrations({
      pgPool: pool,
      schema: 'graphile_worker',
      logger: new Logger(() => () => undefined),
    });
    await pool.query(OPEN_ROWS_TO_GRANTEES);
    return true;
  } finally {
    await pool.end();
  }
}

export async function isQueueInstalled(query: Query): Promise<boolean> {
  const [table] = await query<{ found: boolean }>(
    `SELECT to_regclass('graphile_worker.migrations') IS NOT NULL AS found`,
  );
  if (!table?.found) return false;
  const [schema] = await query<{ ready: boolean }>(
    `SELECT max(id) >= $1 AND NOT EXISTS (
       SELECT FROM pg_class WHERE relnamespace = 'graphile_worker'::regnamespace AND relrowsecurity
     ) AS ready FROM graphile_worker.migrations`,
    [QUEUE_VERSION],
  );
  return schema?.ready === true;
}
