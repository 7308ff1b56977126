import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { loadConfig } from '../../config/index.js';
import { PartitionEvents1764100001000 } from '../../migrations/1764100001000-partition-events.js';
import { dataSourceOptions } from '../../src/platform/database/data-source.options.js';
import { revertMigration, runMigrations } from '../../src/platform/database/migrations.js';
import { Sql } from '../../src/platform/database/sql.js';
import { EventFeed } from '../../src/platform/events/event-feed.js';
import { EventPartitionsService } from '../../src/platform/events/event-partitions.service.js';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';

let database: TestDatabase;
let dataSource: DataSource;
let service: EventPartitionsService;

beforeEach(async () => {
  vi.spyOn(Logger.prototype, 'log').mockReturnValue();
  database = await createDatabase();
  const config = loadConfig({
    NODE_ENV: 'test',
    DATABASE_URL: database.url,
    DATABASE_STATEMENT_TIMEOUT_MS: '60000',
    DATA_DIR: inject('dataDir'),
  });
  dataSource = await new DataSource(dataSourceOptions(config, database.url)).initialize();
  service = new EventPartitionsService(config, dataSource);
  await service.onApplicationBootstrap();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await dataSource.destroy();
  await database.drop();
});

/** `events_2026_11` for this month, and others so many months from it. */
function partition(months: number): string {
  const now = new Date();
  const first = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months));
  return `events_${first.toISOString().slice(0, 7).replace('-', '_')}`;
}

const query = <Row>(sql: string, values: unknown[] = []) => dataSource.query<Row[]>(sql, values);

async function partitions(): Promise<string[]> {
  const rows = await query<{ name: string }>(
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'events'::regclass ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

/** An event of so many months ago or ahead. */
async function insert(months: number): Promise<string> {
  const [row] = await query<{ id: string }>(
    `INSERT INTO events (id, type, actor_type, resource_type, created_at)
     VALUES (gen_random_uuid(), 'user.created', 'system', 'user', now() + $1 * interval '1 month') RETURNING id`,
    [months],
  );
  return String(row?.id);
}

async function whereIs(id: string): Promise<unknown> {
  const [row] = await query<{ table: string }>(
    'SELECT tableoid::regclass::text AS table FROM events WHERE id = $1',
    [id],
  );
  return row?.table;
}

const addPartition = (months: number) =>
  query(
    `SELECT add_events_partition((date_trunc('month', now() AT TIME ZONE 'UTC') + $1 * interval '1 month')::date)`,
    [months],
  );

const keep = (days: number) =>
  query<{ change: string }>('SELECT keep_events_partitions($1) AS change', [days]);

describe('the tables of the event log', () => {
  it('are there for this month and the next two, and for everything else', async () => {
    expect(await partitions()).toEqual([partition(0), partition(1), partition(2), 'events_default']);
    expect(await whereIs(await insert(0))).toBe(partition(0));
    expect(await whereIs(await insert(-30))).toBe('events_default');
    expect(await whereIs(await insert(30))).toBe('events_default');
  });

  it('are made again by the job, by one of several at once', async () => {
    await query(`DROP TABLE ${partition(1)}, ${partition(2)}`);
    await Promise.all([service.keepPartitions(), service.keepPartitions(), service.keepPartitions()]);
    expect(await partitions()).toEqual([partition(0), partition(1), partition(2), 'events_default']);
    expect(await keep(0)).toEqual([]);
  });

  it('are not made for a month whose events went elsewhere: those stay, and the others are made', async () => {
    await query(`DROP TABLE ${partition(1)}, ${partition(2)}`);
    const id = await insert(1);
    const changes = (await keep(0)).map(({ change }) => change);
    expect(changes).toEqual([
      `${partition(1)} is not made, as there are events of that month in events_default`,
      `${partition(2)} is made`,
    ]);
    expect(await whereIs(id)).toBe('events_default');
  });

  it('are dropped once all in them is older than it has to be', async () => {
    for (const months of [-1, -3, -13]) await addPartition(months);
    const [young, old] = [await insert(-1), await insert(-3)];
    await keep(0);
    expect(await partitions()).toHaveLength(7);
    await keep(40);
    expect(await partitions()).toEqual(
      [partition(-1), partition(0), partition(1), partition(2), 'events_default'].sort(),
    );
    expect(await whereIs(old)).toBeUndefined();
    expect(await whereIs(young)).toBe(partition(-1));
  });

  it.each([-1, 1, 29])('are not dropped after %d days, whoever asks', async (days) => {
    await expect(keep(days)).rejects.toThrow('30 days or longer');
  });
});

describe('an event', () => {
  it.each([
    ['changed', (table: string) => `UPDATE ${table} SET type = 'x'`],
    ['deleted', (table: string) => `DELETE FROM ${table}`],
    ['truncated away', (table: string) => `TRUNCATE ${table}`],
  ])('cannot be %s, by whichever table', async (_, sql) => {
    await addPartition(-1);
    for (const table of ['events', partition(-1), partition(0), partition(2), 'events_default'])
      await expect(query(sql(table)), table).rejects.toThrow('neither changed nor deleted');
  });

  it('holds back readers, by whichever table it is written', async () => {
    const feed = new EventFeed(new Sql(dataSource));
    const last = () => feed.last(dataSource.manager);
    const before = await last();
    await dataSource.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO ${partition(0)} (id, type, actor_type, resource_type, created_at)
         VALUES (gen_random_uuid(), 'user.created', 'system', 'user', now())`,
      );
      await insert(0);
      expect(await last()).toBe(before);
    });
    expect(await last()).toBe('2');
  });

  it('keeps its id and its position when its table becomes another one, and the next follows it', async () => {
    for (const months of [0, 0, -14, 30]) await insert(months);
    const read = () => query(`SELECT * FROM events ORDER BY position`);
    const before = await read();
    while ((await revertMigration(dataSource)) !== PartitionEvents1764100001000.name);
    expect(await read()).toEqual(before);
    await insert(0);
    const reverted = await read();
    await runMigrations(dataSource);
    expect(await read()).toEqual(reverted);
    expect(await partitions()).toContain(partition(-14));
    await insert(0);
    expect((await read()).slice(-1)).toMatchObject([{ position: '6' }]);
  });
});

describe('a role that owns nothing', () => {
  it('makes and drops tables of events by the job, and in no other way', async () => {
    const role = `service_${randomUUID().replaceAll('-', '')}`;
    await addPartition(-3);
    await query(`DROP TABLE ${partition(2)}`);
    await query(`
      CREATE ROLE ${role} LOGIN PASSWORD 'secret of ${role}';
      GRANT USAGE ON SCHEMA public TO ${role};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role};
      GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${role};
      GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO ${role}`);
    const url = Object.assign(new URL(database.url), {
      username: role,
      password: `secret of ${role}`,
    });
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    try {
      await client.query('SELECT keep_events_partitions(40)');
      expect(await partitions()).toEqual([partition(0), partition(1), partition(2), 'events_default']);
      await client.query(
        `INSERT INTO events (id, type, actor_type, resource_type, created_at)
         VALUES (gen_random_uuid(), 'user.created', 'system', 'user', now() + interval '2 months')`,
      );
      expect((await client.query('SELECT events_safe_position() AS position')).rows).toEqual([
        { position: '1' },
      ]);
      await expect(client.query(`DROP TABLE ${partition(0)}`)).rejects.toThrow('must be owner');
      await expect(client.query('TRUNCATE events')).rejects.toThrow('permission denied');
    } finally {
      await client.end();
      await query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });
});
