import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateKeySet } from '../../config/index.js';
import { BuiltService, freePort } from '../support/built-service.js';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';

let folder: string;
let empty: TestDatabase;
let migrated: TestDatabase;
let port: string;
let production: NodeJS.ProcessEnv;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stockroom-startup-'));
  chmodSync(folder, 0o711);
  const { keys } = generateKeySet();
  inFolder('keys.json', JSON.stringify({ keys }));
  inFolder('development.json', JSON.stringify({ development: true, keys }));
  inFolder('public.json', JSON.stringify({ keys: keys.map((key) => ({ ...key, d: undefined })) }));
  inFolder('broken.json', '{"keys": [');
  [empty, migrated] = await Promise.all([createDatabase({ empty: true }), createDatabase()]);
  port = String(await freePort());
  production = {
    NODE_ENV: 'production',
    PORT: port,
    DATABASE_URL: migrated.url,
    JWT_KEYS_FILE: join(folder, 'keys.json'),
    JWT_ISSUER: 'https://api.example.com',
    JWT_AUDIENCE: 'stockroom',
  };
});

afterAll(async () => {
  await Promise.all([empty.drop(), migrated.drop()]);
  rmSync(folder, { recursive: true, force: true });
});

function inFolder(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** What a start that must fail says. */
async function failure(environment: NodeJS.ProcessEnv): Promise<string> {
  const service = new BuiltService({ PORT: port, DATA_DIR: join(folder, 'data'), ...environment });
  expect(await service.exited, service.output).toBe(1);
  // A message for people, not a stack for whoever wrote it.
  expect(service.output).not.toMatch(/^\s+at /m);
  return service.output;
}

const changed = (url: string, change: (url: URL) => void): string => {
  const copy = new URL(url);
  change(copy);
  return copy.href;
};

describe('a start that cannot succeed ends with code 1, the cause and the way out', () => {
  it('names all bad settings at once', async () => {
    const output = await failure({
      PORT: '70000',
      LOG_LEVEL: 'loud',
      DATABASE_POOL_SIZE: '0',
      TRUST_PROXY: 'proxy.example.com',
      CORS_ORIGINS: 'https://shop.example.com/',
      ADMIN_EMAIL: 'admin@example.com',
      DATABASE_URL: 'mysql://localhost/stockroom',
    });
    expect(output).toContain('PORT: must be at most 65535');
    expect(output).toContain('LOG_LEVEL: must be a pino level such as info');
    expect(output).toContain('DATABASE_POOL_SIZE: must be at least 1');
    expect(output).toContain('TRUST_PROXY: must hold IP addresses or CIDR ranges');
    expect(output).toContain('CORS_ORIGINS: must hold exact origins');
    expect(output).toContain('ADMIN_EMAIL, ADMIN_PASSWORD: set both, or neither');
    expect(output).toContain('DATABASE_URL: must be a URL that starts with postgresql:// or postgres://');
  });

  it('in production without settings', async () => {
    const output = await failure({ NODE_ENV: 'production' });
    expect(output).toMatch(/DATABASE_URL: required in production, where no embedded database is started/);
    expect(output).toMatch(/JWT_KEYS_FILE: required in production.*npm run keys:generate/);
    expect(output).toMatch(/JWT_ISSUER: required in production/);
    expect(output).toMatch(/JWT_AUDIENCE: required in production/);
  });

  it('in production with placeholders and with the keys of a laptop', async () => {
    const output = await failure({
      ...production,
      DATABASE_URL: 'postgresql://stockroom:change-me@127.0.0.1/stockroom',
      ADMIN_EMAIL: 'admin@example.com',
      ADMIN_PASSWORD: 'change_me_1234',
      JWT_KEYS_FILE: join(folder, 'development.json'),
    });
    expect(output).toContain('DATABASE_URL: holds a placeholder, not a secret');
    expect(output).toContain('ADMIN_PASSWORD: holds a placeholder, not a secret');
    expect(output).toMatch(/JWT_KEYS_FILE: .*generated for development.*npm run keys:generate/);
  });

  it.each([
    ['nowhere.json', /JWT_KEYS_FILE: .*nowhere\.json cannot be read \(ENOENT\)/],
    ['broken.json', /JWT_KEYS_FILE: .*broken\.json is not JSON/],
    ['public.json', /JWT_KEYS_FILE: .*public\.json is no private JWK set: .*no private part/],
  ])('with the key file %s', async (name, message) => {
    expect(await failure({ JWT_KEYS_FILE: join(folder, name) })).toMatch(message);
  });

  it('with a port that is taken, before it touches the database', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const taken = String((other.address() as AddressInfo).port);
    const output = await failure({ PORT: taken, DATABASE_URL: empty.url });
    other.close();
    expect(output).toContain(`PORT: ${taken} is taken by another program. Stop it, or set PORT`);
    expect(output).not.toContain('Migrated');
  });

  it.each([
    ['203.0.113.1', 'HOST: 203.0.113.1 is no address of this machine. Correct HOST.'],
    ['nowhere.invalid', 'HOST: nowhere.invalid is no name of this machine. Correct HOST.'],
  ])('with the host %s', async (HOST, message) => {
    expect(await failure({ HOST, DATABASE_URL: empty.url })).toContain(message);
  });

  it('with a wrong password', async () => {
    const url = changed(migrated.url, (copy) => (copy.password = 'wrong'));
    expect(await failure({ DATABASE_URL: url })).toMatch(
      /DATABASE_URL: the server refuses the password\. Correct/,
    );
  });

  it('with a user that there is not', async () => {
    const url = changed(migrated.url, (copy) => (copy.username = 'nobody'));
    expect(await failure({ DATABASE_URL: url })).toMatch(/DATABASE_URL: the server refuses the/);
  });

  it('without a password', async () => {
    const url = changed(migrated.url, (copy) => (copy.password = ''));
    expect(await failure({ DATABASE_URL: url })).toMatch(/DATABASE_URL: it cannot be used \(.*password.*\)/);
  });

  it('with a database that there is not', async () => {
    const url = changed(migrated.url, (copy) => (copy.pathname = '/nothing'));
    expect(await failure({ DATABASE_URL: url })).toMatch(
      /DATABASE_URL: the server has no such database\. Create it/,
    );
  });

  it('with a server older than 15', async () => {
    const server = await oldServer();
    const url = `postgresql://me:pw@127.0.0.1:${(server.address() as AddressInfo).port}/stockroom`;
    const output = await failure({ DATABASE_URL: url });
    server.close();
    expect(output).toContain('DATABASE_URL: PostgreSQL 14.13 is too old. Use PostgreSQL 15 or later.');
  });

  it('in production on a database that lacks migrations, which it leaves alone', async () => {
    const output = await failure({ ...production, DATABASE_URL: empty.url });
    expect(output).toMatch(/The database lacks \d+ migrations.*CreateUsers.*\n.*npm run migration:run/);
    expect(await failure({ ...production, DATABASE_URL: empty.url })).toBe(output);
  });

  it('with a data folder that is a file', async () => {
    const DATA_DIR = inFolder('file', 'not a folder');
    expect(await failure({ DATA_DIR })).toMatch(
      /DATA_DIR: cannot be used \(E.*\)\. Make it a folder that you may/,
    );
    // With keys of its own the next thing that needs the folder is the database.
    expect(await failure({ DATA_DIR, JWT_KEYS_FILE: join(folder, 'keys.json') })).toMatch(
      /The data folder .*file cannot be used.*DATA_DIR.*DATABASE_URL/,
    );
  });

  it('with a broken file of development keys', async () => {
    const DATA_DIR = mkdtempSync(join(folder, 'data-'));
    writeFileSync(join(DATA_DIR, 'jwt-keys.json'), '');
    expect(await failure({ DATA_DIR })).toMatch(/DATA_DIR: .*jwt-keys\.json is not JSON\. Delete that file/);
  });
});

/** Speaks just enough of the protocol to say which version it is. */
async function oldServer(): Promise<Server> {
  const server = createServer((socket) => {
    let greeted = false;
    socket.on('error', () => undefined);
    socket.on('data', () => {
      if (!greeted) greet(socket);
      else answerQuery(socket, ['140013', '14.13']);
      greeted = true;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const READY = message('Z', Buffer.from('I'));

function greet(socket: Socket): void {
  socket.write(Buffer.concat([message('R', int32(0)), READY]));
}

function answerQuery(socket: Socket, values: readonly string[]): void {
  // Name, then table, column, type (text), length, modifier and format.
  const names = ['number', 'text'].map((name) =>
    Buffer.concat([cstring(name), int32(0), int16(0), int32(25), int16(-1), int32(-1), int16(0)]),
  );
  const row = values.map((value) => Buffer.concat([int32(value.length), Buffer.from(value)]));
  socket.write(
    Buffer.concat([
      message('T', int16(values.length), ...names),
      message('D', int16(values.length), ...row),
      message('C', cstring('SELECT 1')),
      READY,
    ]),
  );
}

function message(type: string, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function int16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeInt16BE(value);
  return buffer;
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
}

function cstring(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}
