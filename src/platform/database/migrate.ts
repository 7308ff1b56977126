import { existsSync, readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DataSource, QueryFailedError } from 'typeorm';
import { ConfigError, loadConfig } from '../../../config/index.js';
import type { Config } from '../../../config/index.js';
import { UnusableDatabaseError, waitForDatabase } from './connect.js';
import { dataSourceOptions } from './data-source.options.js';
import { EmbeddedPostgresError } from '../embedded-postgres/embedded-postgres.error.js';
import { isMigrationName, writeMigration } from './migration-file.js';
import {
  migrationNames,
  pendingMigrations,
  revertMigration,
  runMigrations,
  schemaDifferences,
} from './migrations.js';
import { openDatabase } from './open-database.js';

/** This file is `dist/src/platform/database/migrate.js` when it runs. */
const ROOT = resolve(import.meta.dirname, '../../../..');

const USAGE = `Usage: npm run migration:<command>

  run             runs the migrations that the database lacks
  revert          undoes the newest one
  show            lists them: [x] done, [ ] pending
  generate NAME   writes a migration for what the entities say and the schema does not
  check           fails if there is such a difference
`;

/** A command that cannot be carried out; the message is for people, and names the way out. */
class CommandError extends Error {}

type Command = (dataSource: DataSource, name: string) => Promise<void>;

const COMMANDS: Readonly<Record<string, Command>> = {
  run: async (dataSource) => {
    const done = await runMigrations(dataSource);
    say(done.length === 0 ? 'Nothing to run: the schema is up to date.' : list('Migrated', done));
  },
  revert: async (dataSource) => {
    const undone = await revertMigration(dataSource);
    say(undone === undefined ? 'Nothing to revert.' : list('Reverted', [undone]));
  },
  show: async (dataSource) => {
    const pending = await pendingMigrations(dataSource);
    for (const name of migrationNames) say(`[${pending.includes(name) ? ' ' : 'x'}] ${name}`);
  },
  generate: async (dataSource, name) => {
    const statements = await differences(dataSource);
    if (statements.up.length === 0) say('Nothing to generate: entities and schema agree.');
    else say(`Wrote ${relative(process.cwd(), writeMigration(join(ROOT, 'migrations'), name, statements))}`);
  },
  check: async (dataSource) => {
    const { up } = await differences(dataSource);
    if (up.length > 0) {
      throw new CommandError(`${list('The entities want what the schema lacks', up)}
Run: npm run migration:generate NAME`);
    }
    say('Entities and schema agree.');
  },
};

/** Entities by their file name: the database knows no feature. */
async function entities(): Promise<(new () => object)[]> {
  const built = join(ROOT, 'dist/src');
  const files = readdirSync(built, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.entity.js'))
    // What was renamed or deleted stays in dist/ until somebody cleans it.
    .filter(
      (file) => !existsSync(join(ROOT, 'src')) || existsSync(join(ROOT, 'src', file.replace(/js$/, 'ts'))),
    );
  const modules = await Promise.all(
    files.map((file) => import(pathToFileURL(join(built, file)).href) as Promise<Record<string, unknown>>),
  );
  return modules.flatMap((module) =>
    Object.values(module).filter((value): value is new () => object => typeof value === 'function'),
  );
}

async function differences(dataSource: DataSource): Promise<{ up: string[]; down: string[] }> {
  const pending = await pendingMigrations(dataSource);
  if (pending.length > 0) {
    throw new CommandError(`${list('The database lacks', pending)}\nRun first: npm run migration:run`);
  }
  return schemaDifferences(dataSource);
}

async function main([command = '', name, ...rest]: string[]): Promise<void> {
  const run = COMMANDS[command];
  if (!run || rest.length > 0 || (name !== undefined) !== (command === 'generate'))
    throw new CommandError(USAGE);
  if (name !== undefined && !isMigrationName(name)) {
    throw new CommandError(`"${name}" is no name for a migration. Write for example: add-colour`);
  }
  const opening = openDatabase(loadConfig(undefined, 'migrations'), say);
  const stop = () =>
    opening.then(
      (database) => database.stop(),
      () => undefined,
    );
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void stop().finally(() => process.exit(1)));
  const { config } = await opening;
  try {
    await withDataSource(config, (dataSource) => run(dataSource, name ?? ''));
  } finally {
    await stop();
  }
}

async function withDataSource(
  config: Config,
  work: (dataSource: DataSource) => Promise<void>,
): Promise<void> {
  const { url, migrationUrl = '' } = config.database;
  await waitForDatabase(migrationUrl, url === migrationUrl ? 'DATABASE_URL' : 'MIGRATION_DATABASE_URL', {
    onWait: (reason) => {
      say(`The database does not answer yet (${reason}); waiting for it. Ctrl-C ends that.`);
    },
  });
  const options = { ...dataSourceOptions(config, migrationUrl), entities: await entities() };
  const dataSource = await new DataSource(options).initialize();
  try {
    await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

const list = (title: string, lines: readonly string[]) =>
  `${title}:\n${lines.map((line) => `  ${line}`).join('\n')}`;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function failureText(error: unknown): string {
  if (error instanceof QueryFailedError)
    return `${error.message}\nNothing of it was applied. It was: ${error.query}`;
  const expected = [CommandError, ConfigError, UnusableDatabaseError, EmbeddedPostgresError];
  if (expected.some((kind) => error instanceof kind)) return (error as Error).message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`\n${failureText(error)}\n\n`);
  process.exitCode = 1;
}
