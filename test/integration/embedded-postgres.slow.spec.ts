import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type EmbeddedPostgres,
  EmbeddedPostgresError,
  startEmbeddedPostgres,
} from '../../src/platform/embedded-postgres/embedded-postgres.js';
import { until } from '../support/until.js';

const isRoot = process.getuid?.() === 0;

const folders: string[] = [];
let dataDir: string;
let lines: string[] = [];
let running: EmbeddedPostgres[] = [];

afterEach(async () => {
  for (const server of running) await server.stop();
  lines = [];
  running = [];
});

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

describe('startEmbeddedPostgres in a new folder', () => {
  beforeEach(() => {
    dataDir = newFolder();
  });

  it('makes a database, and finds it again, on the same port, at the next start', async () => {
    const first = await start();
    await query(first.url, 'create table kept (word text)');
    await query(first.url, `insert into kept values ('yes')`);
    await Promise.all([first.stop(), first.stop()]);
    expect(existsSync(inData('postmaster.pid'))).toBe(false);

    const second = await start();
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'select word from kept')).toEqual([{ word: 'yes' }]);
    expect(lines).toEqual([expect.stringContaining('creating')]);
  });

  it('begins again after a start that was killed while making the database', async () => {
    mkdirSync(join(dataDir, 'postgres', 'data-unfinished-x'), { recursive: true });
    writeFileSync(join(dataDir, 'postgres', 'password'), '');
    leaveLockOfDeadLauncher();

    expect(await query((await start()).url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(readdirSync(join(dataDir, 'postgres')).sort()).toEqual(['data', 'password', 'server.log']);
  });

  it('refuses data of another major version, naming both', async () => {
    mkdirSync(inData('.'), { recursive: true });
    writeFileSync(inData('PG_VERSION'), '16\n');
    const message = await failure();
    expect(message).toMatch(/made by PostgreSQL 16, but this Stockroom brings PostgreSQL \d+\./);
    expect(message).toMatch(/Move that folder away.*DATABASE_URL/);
  });

  it('explains a data folder that cannot be written', async () => {
    writeFileSync(dataDir, 'a file in its place');
    expect(await failure()).toMatch(/data folder .* cannot be used \(EEXIST.*DATA_DIR.*DATABASE_URL/);
  });

  it.runIf(isRoot)(
    'keeps the data elsewhere, and finds it, when root works below a closed folder',
    async () => {
      chmodSync(dirname(dataDir), 0o700);
      const first = await start();
      const note = readFileSync(join(dataDir, 'postgres-is-elsewhere.txt'), 'utf8');
      const place = note.trim().split('\n').at(-1) ?? '';
      folders.push(place);
      expect(['/var/lib', '/var/tmp', tmpdir()]).toContain(dirname(place));
      expect(lines[0]).toContain(place);
      await query(first.url, 'create table kept ()');
      await first.stop();

      expect(await query((await start()).url, 'table kept')).toEqual([]);
    },
  );
});

describe('startEmbeddedPostgres where it started before', () => {
  beforeAll(async () => {
    dataDir = newFolder();
    await (await start()).stop();
  });

  it('lets nobody in without the password, and a second launcher not at all', async () => {
    const server = await start();
    await expect(query(server.url.replace(/:[^:@]+@/, ':guess@'), 'select 1')).rejects.toThrow(/password/);
    expect(await failure()).toBe(
      `Another Stockroom (pid ${process.pid}) already uses ${dataDir}. Stop it, or set DATA_DIR or DATABASE_URL.`,
    );
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('recovers what was committed when the server was killed', async () => {
    const server = await start({ durable: true });
    await query(server.url, 'create table kept as select generate_series(1, 1000)');
    process.kill(serverPid(), 'SIGKILL');
    await server.stop();

    const next = await start();
    expect(await query(next.url, 'select count(*)::int from kept')).toEqual([{ count: 1000 }]);
    expect(lines).toContainEqual(expect.stringContaining('recovering'));
  });

  it('adopts the server of a killed launcher, restores its missing database, and can stop it', async () => {
    const orphaned = await start();
    await query(orphaned.url.replace(/stockroom$/, 'postgres'), 'drop database stockroom with (force)');
    leaveLockOfDeadLauncher();
    const pid = serverPid();

    const adopted = await start();
    expect(adopted.url).toBe(orphaned.url);
    expect(serverPid()).toBe(pid);
    expect(lines).toEqual([expect.stringContaining('adopted')]);
    expect(await query(adopted.url, 'select current_database() as name')).toEqual([{ name: 'stockroom' }]);
    await adopted.stop();
    // A process that has ended keeps its number until its parent, this one, has heard of it.
    await until(() => !isAlive(pid));
  });

  it('is not misled by a postmaster.pid whose number passed to another process', async () => {
    const server = await start();
    const pid = serverPid();
    const left = readFileSync(inData('postmaster.pid'), 'utf8');
    await server.stop();
    writeFileSync(inData('postmaster.pid'), left.replace(String(pid), String(process.pid)));

    expect(await query((await start()).url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('says what keeps the server from starting, in its own words', async () => {
    const settings = readFileSync(inData('postgresql.conf'), 'utf8');
    writeFileSync(inData('postgresql.conf'), 'shared_bufers = 1\n');
    expect(await failure()).toMatch(
      /did not start(.|\n)*unrecognized configuration parameter "shared_bufers"/,
    );
    writeFileSync(inData('postgresql.conf'), settings);
  });
});

/** In a parent that the server's account may pass when we are root. */
function newFolder(): string {
  const parent = mkdtempSync(join(tmpdir(), 'stockroom-embedded-'));
  chmodSync(parent, 0o711);
  folders.push(parent);
  return join(parent, 'data');
}

async function start({ durable = false } = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, durable, log: (line) => lines.push(line) });
  running.push(server);
  return server;
}

async function failure(): Promise<string> {
  const error: unknown = await start().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(EmbeddedPostgresError);
  return (error as Error).message;
}

const inData = (file: string): string => join(dataDir, 'postgres', 'data', file);

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const serverPid = (): number => Number(readFileSync(inData('postmaster.pid'), 'utf8').split('\n')[0]);

/** Its pid lies beyond Linux's highest. */
const leaveLockOfDeadLauncher = (): void => {
  writeFileSync(join(dataDir, 'postgres.lock'), '4194305\n1\n');
};

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
