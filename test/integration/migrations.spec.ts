import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { check } from 'prettier';
import { DataSource } from 'typeorm';
import type { DataSourceOptions, MigrationInterface, QueryRunner } from 'typeorm';
import { afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { loadConfig } from '../../config/index.js';
import { migrations } from '../../migrations/index.js';
import { dataSourceOptions } from '../../src/platform/database/data-source.options.js';
import { isMigrationName, writeMigration } from '../../src/platform/database/migration-file.js';
import {
  migrationNames,
  pendingMigrations,
  revertMigration,
  runMigrations,
  schemaDifferences,
} from '../../src/platform/database/migrations.js';
import { QUEUE_MIGRATION } from '../../src/platform/database/queue-schema.js';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';

const ROOT = resolve(import.meta.dirname, '../..');
const NAMES = migrations.map(({ name }) => name);
const ID = '01890a5d-ac96-774b-bcce-b302099a8057';

/** A row of every table: one that a new migration forgets fails a test below. */
const ROWS: readonly string[] = [
  `INSERT INTO users (version, id, email, full_name, password_hash, sessions_valid_from, access_changed_at)
   VALUES (1, '${ID}', 'Ann@example.com', 'Ann', 'hash', now(), now())`,
  `INSERT INTO products (version, id, sku, name, description, price) VALUES (1, '${ID}', 'A-1', 'Thing', 'Fine', 12.50)`,
  `INSERT INTO sessions (id, user_id, family_hash, secret_hash, ip, created_at, last_used_at, expires_at)
   VALUES ('${ID}', '${ID}', 'a', 'b', '::1', now(), now(), now())`,
  `INSERT INTO events (id, type, actor_type, resource_type, created_at) VALUES ('${ID}', 'user.created', 'system', 'user', now())`,
  `INSERT INTO one_time_tokens (id, purpose, user_id, token_hash, created_at, expires_at)
   VALUES ('${ID}', 'password_reset', '${ID}', 'h', now(), now())`,
  `INSERT INTO api_keys (version, id, user_id, name, scopes, secret_hash, created_at)
   VALUES (1, '${ID}', '${ID}', 'Import', '{products:read}', 'h', now())`,
  `INSERT INTO two_step_secrets (user_id, sealed_secret, created_at) VALUES ('${ID}', 'v1.a.b.c', now())`,
  `INSERT INTO recovery_codes (user_id, code_hash) VALUES ('${ID}', 'h')`,
  `INSERT INTO attempts (key, hits, strikes, resets_at) VALUES ('a', 1, 0, now())`,
  `INSERT INTO known_addresses (key, expires_at) VALUES ('a', now())`,
  `INSERT INTO product_imports (version, id, status, dry_run, created_by, created_at)
   VALUES (1, '${ID}', 'pending', false, '${ID}', now())`,
  `INSERT INTO product_import_rows (import_id, sku, line, has_description) VALUES ('${ID}', 'A-1', 2, false)`,
  `INSERT INTO identities (issuer, subject, user_id, created_at) VALUES ('https://id', 's', '${ID}', now())`,
  `INSERT INTO idempotency_keys (key_hash, sealed_answer, expires_at) VALUES ('a', 'v1.a.b.c', now())`,
  `INSERT INTO stock_levels (product_id, on_hand, reserved, version) VALUES ('${ID}', 5, 0, 1)`,
  `INSERT INTO stock_movements (id, product_id, quantity, reason) VALUES ('${ID}', '${ID}', 5, 'receipt')`,
  `INSERT INTO orders (version, id, user_id, status, currency, total, expires_at)
   VALUES (1, '${ID}', '${ID}', 'pending', 'USD', 25, now())`,
  `INSERT INTO order_items (order_id, product_id, position, sku, name, unit_price, quantity, is_reserved)
   VALUES ('${ID}', '${ID}', 0, 'A-1', 'Thing', 12.50, 2, true)`,
  `INSERT INTO webhook_endpoints (version, id, url, event_types, sealed_secret, starts_behind, created_by)
   VALUES (1, '${ID}', 'https://example.com', '{*}', 'v1.a.b.c', 0, '${ID}')`,
  `INSERT INTO webhook_deliveries (id, endpoint_id, event_type, payload, next_attempt_at)
   VALUES ('${ID}', '${ID}', 'user.created', '{}', now())`,
];

let entities: (new () => object)[];
let database: TestDatabase;
let opened: DataSource[];

beforeAll(async () => {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.entity.ts'),
  );
  entities = [];
  // One after the other: side by side, an entity that another one imports, too, can be loaded twice, as two classes.
  for (const file of files) {
    const module = (await import(join(ROOT, 'src', file))) as Record<string, new () => object>;
    entities.push(...Object.values(module));
  }
});

beforeEach(async () => {
  opened = [];
  database = await createDatabase({ empty: true });
});

afterEach(async () => {
  for (const dataSource of opened) await dataSource.destroy();
  await database.drop();
});

async function connect(
  options: Partial<Pick<DataSourceOptions, 'migrations' | 'entities'>> = {},
  environment: NodeJS.ProcessEnv = {},
): Promise<DataSource> {
  const config = loadConfig({
    NODE_ENV: 'test',
    DATABASE_URL: database.url,
    DATA_DIR: inject('dataDir'),
    DATABASE_STATEMENT_TIMEOUT_MS: '60000',
    ...environment,
  });
  const dataSource = await new DataSource({
    ...dataSourceOptions(config, database.url),
    ...options,
  }).initialize();
  opened.push(dataSource);
  return dataSource;
}

/** The same as if all migrations had been run, in less time. */
async function useMigrated(): Promise<void> {
  await database.drop();
  database = await createDatabase();
}

const tablesOf = async (dataSource: DataSource): Promise<string[]> =>
  (
    await dataSource.query<{ name: string }[]>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
       AND NOT relispartition AND relname <> 'migrations' ORDER BY 1`,
    )
  ).map(({ name }) => name);

describe('the migrations', () => {
  it('are all in the index, in the order of their time', () => {
    const files = readdirSync(join(ROOT, 'migrations')).filter((file) => /^\d/.test(file));
    const index = readFileSync(join(ROOT, 'migrations/index.ts'), 'utf8');
    expect([...index.matchAll(/'\.\/(.+)\.js'/g)].map(([, name]) => `${String(name)}.ts`)).toEqual(
      files.sort(),
    );
    expect(NAMES.map((name) => /\d{13}$/.exec(name)?.[0])).toEqual(files.map((file) => file.slice(0, 13)));
  });

  it('make the schema that the entities describe', async () => {
    const dataSource = await connect({ entities });
    expect(await runMigrations(dataSource)).toEqual(migrationNames);
    expect(await schemaDifferences(dataSource)).toEqual({ up: [], down: [] });
    expect(entities.map((entity) => dataSource.getMetadata(entity).tableName).sort()).toEqual(
      await tablesOf(dataSource),
    );
  });

  it('can be undone and run again on a database that is in use', async () => {
    await useMigrated();
    const dataSource = await connect();
    const before = await dump(dataSource);
    for (const row of ROWS) await dataSource.query(row);
    for (const table of await tablesOf(dataSource)) {
      const rows = await dataSource.query<unknown[]>(`SELECT 1 AS row FROM "${table}"`);
      if (rows.length === 0) await insertSample(dataSource, table);
    }
    for (const name of NAMES.toReversed()) expect(await revertMigration(dataSource)).toBe(name);
    expect(await revertMigration(dataSource)).toBeUndefined();
    expect(await dump(dataSource)).toEqual([]);
    expect(await runMigrations(dataSource)).toEqual(NAMES);
    expect(await dump(dataSource)).toEqual(before);
  });

  it('name every constraint and index themselves', async () => {
    await useMigrated();
    const dataSource = await connect();
    const tables = await tablesOf(dataSource);
    // Partitions have what the table has that they are a part of.
    const names = (await dump(dataSource)).filter(
      ({ kind, of }) => (kind === 'constraint' || kind === 'index') && tables.includes(of),
    );
    expect(names.length).toBeGreaterThan(10);
    // TypeORM's own names are a prefix and a hash; what is not named at all does not begin with its table.
    const bad = names.filter(({ name, of }) => /[0-9a-f]{20}/.test(name) || !name.startsWith(`${of}_`));
    expect(bad).toEqual([]);
  });
});

/** What is in the schema, as far as a migration makes it. */
async function dump(
  dataSource: DataSource,
): Promise<{ kind: string; of: string; name: string; text: string }[]> {
  return dataSource.query(`
    SELECT 'column' AS kind, table_name AS of, column_name AS name,
      concat_ws(' ', data_type, is_nullable, column_default, collation_name) AS text
      FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'migrations'
    UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'migrations'
      AND contype <> 'n'
    UNION ALL SELECT 'index', tablename, indexname, indexdef
      FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'migrations'
    UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid)
      FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'function', '', proname, pg_get_functiondef(p.oid) FROM pg_proc p
      WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e')
    UNION ALL SELECT 'extension', '', extname, '' FROM pg_extension WHERE extname <> 'plpgsql'
    ORDER BY 1, 2, 3`);
}

describe('pendingMigrations', () => {
  it('names what the database lacks, oldest first', async () => {
    expect(await pendingMigrations(await connect())).toEqual(migrationNames);
    await useMigrated();
    const dataSource = await connect();
    expect(await pendingMigrations(dataSource)).toEqual([]);
    await revertMigration(dataSource);
    expect(await pendingMigrations(dataSource)).toEqual(NAMES.slice(-1));
  });
});

describe('runMigrations', () => {
  it('is done by one of several instances that start at once', async () => {
    const instances = await Promise.all([connect(), connect(), connect()]);
    const done = await Promise.all(instances.map(runMigrations));
    expect(done.flat()).toEqual(migrationNames);
  });

  it('needs one connection, and may take longer than a request may', async () => {
    const dataSource = await connect(
      { migrations: [Slow1900000000000] },
      { DATABASE_POOL_SIZE: '1', DATABASE_STATEMENT_TIMEOUT_MS: '42000' },
    );
    expect(await runMigrations(dataSource)).toEqual(['Slow1900000000000', QUEUE_MIGRATION]);
    expect(await dataSource.query('SELECT time_limit FROM slow')).toEqual([{ time_limit: '0' }]);
    // The connection goes back with the time limit of requests.
    expect(await dataSource.query('SHOW statement_timeout')).toEqual([{ statement_timeout: '42s' }]);
  });

  it('leaves nothing of a failed run behind, and the lock free', async () => {
    const dataSource = await connect({ migrations: [Slow1900000000000, Broken1900000000001] });
    await expect(runMigrations(dataSource)).rejects.toThrow(/"nothing" does not exist/);
    expect(await tablesOf(dataSource)).toEqual([]);
    const next = await connect({ migrations: [Slow1900000000000] });
    expect(await runMigrations(next)).toEqual(['Slow1900000000000', QUEUE_MIGRATION]);
  });
});

/** Writes down how long it might take. */
class Slow1900000000000 implements MigrationInterface {
  name = 'Slow1900000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`CREATE TABLE slow AS SELECT current_setting('statement_timeout') AS time_limit`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE slow');
  }
}

class Broken1900000000001 implements MigrationInterface {
  name = 'Broken1900000000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE nothing');
  }

  down(): Promise<void> {
    return Promise.resolve();
  }
}

describe('writeMigration', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'stockroom-migrations-'));
    cpSync(join(ROOT, 'migrations/index.ts'), join(folder, 'index.ts'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('writes up and down as prettier would, and adds the migration to the index', async () => {
    const up = ['SELECT `a`, ${b}, \\c', `SELECT '${'long '.repeat(30)}'`];
    const file = writeMigration(folder, 'AddColour of_things', { up, down: ['SELECT 1'] });
    expect(basename(file)).toMatch(/^\d{13}-add-colour-of-things\.ts$/);
    for (const path of [file, join(folder, 'index.ts')]) {
      const text = readFileSync(path, 'utf8');
      expect(await check(text, { ...prettierRules(), filepath: path }), text).toBe(true);
    }
    const statements: string[] = [];
    const runner = {
      query: (sql: string) => Promise.resolve(statements.push(sql)),
    } as unknown as QueryRunner;
    const module = (await import(file)) as Record<string, new () => MigrationInterface>;
    const [[name, Migration] = ['', undefined]] = Object.entries(module);
    const migration = Migration && new Migration();
    expect(migration?.name).toBe(name);
    await migration?.up(runner);
    await migration?.down(runner);
    expect(statements).toEqual([...up, 'SELECT 1']);
    expect(readFileSync(join(folder, 'index.ts'), 'utf8')).toMatch(
      new RegExp(
        `import \\{ ${name} \\} from './\\d{13}-add-colour-of-things.js';\n\n(.|\n)*  ${name},\n\\] as const;`,
      ),
    );
  });

  it('puts a migration behind all others, whatever their clocks said', () => {
    const path = join(folder, 'index.ts');
    const first = writeMigration(folder, 'first', { up: [], down: [] });
    const second = writeMigration(folder, 'second', { up: [], down: [] });
    expect(Number(basename(second).slice(0, 13))).toBeGreaterThan(Number(basename(first).slice(0, 13)));
    expect(readFileSync(path, 'utf8')).toMatch(/First\d+,\n {2}Second\d+,\n\] as const/);
  });

  it.each(['', '1st', 'a/b', '../x', 'a b-', 'ä', '--help'])('refuses the name %j', (name) => {
    expect(isMigrationName(name)).toBe(false);
  });
});

function prettierRules(): object {
  return JSON.parse(readFileSync(join(ROOT, '.prettierrc.json'), 'utf8')) as object;
}

/** A row of a table that ROWS has none of: something of the type in each column that must have a value. */
async function insertSample(dataSource: DataSource, table: string): Promise<void> {
  const columns = await dataSource.query<{ name: string; type: string }[]>(
    `SELECT column_name AS name, data_type AS type FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name = $1 AND is_nullable = 'NO' AND column_default IS NULL`,
    [table],
  );
  const sampleOf = (type: string) => (type === 'uuid' ? ID : type.startsWith('timestamp') ? 'now' : '1');
  const insert = `INSERT INTO "${table}" (${columns.map(({ name }) => `"${name}"`).join(', ')})
    VALUES (${columns.map(({ type }) => `'${sampleOf(type)}'::${type}`).join(', ')})`;
  await dataSource.query(insert).catch((error: unknown) => {
    throw new Error(`Add a row of ${table} to ROWS in test/integration/migrations.spec.ts`, { cause: error });
  });
}
