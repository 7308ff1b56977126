import pg from 'pg';
import { until } from './until.js';

/** A transaction of somebody else, which has locked something. */
export interface HeldLock {
  /** Waits until so many others wait for a lock. */
  waiters(count: number): Promise<void>;
  /** Commits. */
  release(): Promise<void>;
}

export async function holdLock(
  databaseUrl: string | undefined,
  statement: string,
  ...values: unknown[]
): Promise<HeldLock> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query('BEGIN');
  await client.query(statement, values);
  return {
    waiters: async (count) => {
      await until(async () => (await waiting(client)) >= count);
    },
    release: async () => {
      await client.query('COMMIT');
      await client.end();
    },
  };
}

async function waiting(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ waiting: number }>(
    `SELECT count(*)::int AS waiting FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return rows[0]?.waiting ?? 0;
}
