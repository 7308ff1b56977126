import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { CursorReader } from '../../src/platform/database/cursor-reader.js';
import { poolOf } from '../../src/platform/database/sql.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

interface Row {
  n: number;
}

let app: TestApp;
let snapshots: CursorReader;

beforeAll(async () => {
  app = await startTestApp();
  snapshots = app.app.get(CursorReader);
  await app.dataSource.query('CREATE TABLE numbers (n int PRIMARY KEY)');
});
afterAll(() => app.close());
beforeEach(async () => {
  await app.dataSource.query('TRUNCATE numbers');
  await app.dataSource.query('INSERT INTO numbers SELECT generate_series(1, 1000)');
});
afterEach(async () => {
  vi.restoreAllMocks();
  const open = () =>
    app.dataSource.query<object[]>(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`,
    );
  // What goes on in the background has transactions, too, but ends them.
  await expect.poll(open).toEqual([]);
});

const read = (sql: string, parameters: unknown[] = []) =>
  snapshots.read<Row>(() => Promise.resolve({ sql, parameters }));

const collect = async (batches: AsyncIterable<Row[]>) => (await Array.fromAsync(batches)).flat();

/** How often the next batch was asked for until now. */
function countFetches(): () => number {
  const query = vi.spyOn(pg.Client.prototype, 'query');
  const texts = () => query.mock.calls.map(([text]: unknown[]) => text);
  return () => texts().filter((text) => typeof text === 'string' && text.startsWith('FETCH')).length;
}

describe('reading a snapshot', () => {
  it('gives all rows in order, with the parameters of the statement', async () => {
    const rows = await collect(read('SELECT n FROM numbers WHERE n <= $1 ORDER BY n DESC', [600]));
    expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: 600 }, (_, index) => 600 - index));
  });

  it.each([0, 1, 249, 250, 251, 500])('gives %d rows', async (count) => {
    expect(await collect(read('SELECT n FROM numbers WHERE n <= $1', [count]))).toHaveLength(count);
  });

  it('does not see what is written meanwhile', async () => {
    const batches = read('SELECT n FROM numbers ORDER BY n');
    const first = await batches.next();
    await app.dataSource.query('DELETE FROM numbers WHERE n > 400');
    await app.dataSource.query('INSERT INTO numbers SELECT generate_series(1001, 2000)');
    await app.dataSource.query('UPDATE numbers SET n = -n WHERE n = 300');
    const rows = [first.value as Row[], await collect(batches)].flat();
    expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1));
  });

  it('asks the same snapshot before it begins, in a transaction that cannot write', async () => {
    const batches = snapshots.read<Row>(async (run) => {
      expect(await run('SHOW transaction_isolation', [])).toEqual([
        { transaction_isolation: 'repeatable read' },
      ]);
      expect(await run('SHOW transaction_read_only', [])).toEqual([{ transaction_read_only: 'on' }]);
      const [{ count } = { count: 0 }] = await run<{ count: number }>(
        'SELECT count(*)::int AS count FROM numbers WHERE n > $1',
        [10],
      );
      await app.dataSource.query('DELETE FROM numbers');
      return { sql: 'SELECT n FROM numbers LIMIT $1::int', parameters: [count] };
    });
    expect(await collect(batches)).toHaveLength(990);
  });

  it('lets its reader be slower than a transaction may usually be idle, but not for ever', async () => {
    const limit = () => app.dataSource.query<object[]>('SHOW idle_in_transaction_session_timeout');
    const usual = await limit();
    const batches = snapshots.read<Row>(async (run) => {
      expect(await run('SHOW idle_in_transaction_session_timeout', [])).toEqual([
        { idle_in_transaction_session_timeout: '1h' },
      ]);
      return { sql: 'SELECT n FROM numbers', parameters: [] };
    });
    await collect(batches);
    for (let i = 0; i < 10; i += 1) expect(await limit()).toEqual(usual);
  });
});

describe('a reader', () => {
  it('has one batch read ahead, and no more', async () => {
    const fetches = countFetches();
    const batches = read('SELECT n FROM numbers');
    expect(fetches()).toBe(0);
    await batches.next();
    await app.dataSource.query('SELECT pg_sleep(0)');
    expect(fetches()).toBe(2);
    await batches.next();
    expect(fetches()).toBe(3);
    await batches.return(undefined);
  });

  it('that does not begin costs nothing', async () => {
    const connect = vi.spyOn(poolOf(app.dataSource), 'connect');
    await read('SELECT n FROM numbers').return(undefined);
    expect(connect).not.toHaveBeenCalled();
  });

  it('that stops early gives its connection back, each time', async () => {
    const times = 2 * app.config.database.poolSize;
    for (let time = 0; time < times; time += 1) {
      for await (const batch of read('SELECT n FROM numbers')) {
        expect(batch).toHaveLength(250);
        break;
      }
    }
    expect(await collect(read('SELECT n FROM numbers'))).toHaveLength(1000);
  });
});

describe('a failure', () => {
  it.each([
    ['before the first row', 'SELECT n / 0 AS n FROM numbers'],
    ['in the middle', 'SELECT 1 / (900 - n) AS n FROM numbers ORDER BY n'],
    ['in the statement', 'SELECT nothing FROM nowhere'],
  ])('%s is told, and the connection stays good', async (_, sql) => {
    for (let time = 0; time < 2 * app.config.database.poolSize; time += 1)
      await expect(collect(read(sql))).rejects.toThrow(/zero|exist/);
    expect(await collect(read('SELECT n FROM numbers'))).toHaveLength(1000);
  });

  it('of the connection is told by the next batch, and the connection is not used again', async () => {
    const batches = read('SELECT n FROM numbers');
    await batches.next();
    await app.dataSource.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND state = 'idle in transaction'`,
    );
    await expect(collect(batches)).rejects.toThrow(/terminat|connection/i);
    expect(await collect(read('SELECT n FROM numbers'))).toHaveLength(1000);
  });
});
