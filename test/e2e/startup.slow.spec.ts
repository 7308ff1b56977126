import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiClient } from '../support/api-client.js';
import { BuiltService, freePort } from '../support/built-service.js';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';

let folder: string;
let port: string;
const services: BuiltService[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stockroom-startup-'));
  // Where root runs the tests, the account of the embedded server must be able to enter.
  chmodSync(folder, 0o711);
  port = String(await freePort());
});

afterEach(async () => {
  for (const service of services.splice(0)) await service.stop();
  rmSync(folder, { recursive: true, force: true });
});

function start(
  environment: NodeJS.ProcessEnv = {},
  options?: { program: string; args: string[] },
): BuiltService {
  const service = new BuiltService({ PORT: port, DATA_DIR: folder, ...environment }, options);
  services.push(service);
  return service;
}

async function signIn(service: BuiltService, email: string, password: string): Promise<ApiClient> {
  const anonymous = new ApiClient(service.url);
  const { body } = await anonymous.post<{ access_token: string }>('/v1/auth/login', { email, password });
  return anonymous.withToken(body.access_token);
}

const postgresPid = (): number => {
  const file = join(folder, 'postgres/data/postmaster.pid');
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : 0;
};

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`) && !/\) Z /.test(statOf(pid));
/** The processes that were started with this folder, or in it. */
const processesOn = (place: string): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return (
        command.includes(place) || (command !== '' && readlinkSync(`/proc/${pid}/cwd`).startsWith(place))
      );
    } catch {
      return false; // no process, gone by now, or somebody else's
    }
  });
const statOf = (pid: number): string => readFileSync(`/proc/${pid}/stat`, 'utf8');

describe('on a database of its own making', () => {
  it('makes it once, keeps the data, recovers from kill -9, and leaves nothing running', async () => {
    const first = await start().ready();
    const [, password = ''] = /admin@stockroom\.test +password: (\S+)/.exec(first.output) ?? [];
    expect(first.output).toContain(`Swagger UI  ${first.url}/docs`);
    expect(first.output).toContain('50 products');
    const admin = await signIn(first, 'admin@stockroom.test', password);
    expect((await admin.get('/v1/products?limit=100')).body.data).toHaveLength(50);
    const { status } = await admin.post('/v1/products', { sku: 'KEPT-1', name: 'Kept', price: 1 });
    expect(status).toBe(201);
    expect(statSync(join(folder, 'jwt-keys.json')).mode & 0o777).toBe(0o600);

    // Others cannot disturb it: on the same data, on the same port.
    const port2 = String(await freePort());
    const intruders = [start({ PORT: port2 }), start({ DATA_DIR: join(folder, 'other') })];
    expect(await Promise.all(intruders.map(({ exited }) => exited))).toEqual([1, 1]);
    expect(intruders[0]?.output).toMatch(
      /Another Stockroom \(pid \d+\) already uses .*Stop it, or set DATA_DIR/,
    );
    expect(intruders[1]?.output).toMatch(/PORT: \d+ is taken by another program/);
    expect(existsSync(join(folder, 'other/postgres'))).toBe(false);
    const command = start({}, { program: 'src/platform/database/migrate.js', args: ['show'] });
    expect(await command.exited).toBe(1);
    expect(command.output).toMatch(/Another Stockroom .*Stop it/);
    expect((await admin.get('/v1/products?sku=KEPT-1')).body.data).toHaveLength(1);

    const pid = postgresPid();
    expect(await first.stop('SIGKILL')).toBe('SIGKILL');
    expect(isAlive(pid)).toBe(true);
    const second = await start().ready();
    // The token of before is still good, and so is the data.
    expect((await admin.get('/v1/products?sku=KEPT-1')).body.data).toHaveLength(1);
    await second.until(() => second.output.includes('Ctrl-C stops it'));
    expect(second.output).not.toMatch(/password:|Catalogue/);

    const last = postgresPid();
    expect(await second.stop('SIGINT')).toBe(0);
    expect(isAlive(last)).toBe(false);
    expect(isAlive(pid)).toBe(false);
  });

  it('leaves no server behind when it is stopped while it makes one', async () => {
    const service = start();
    await service.until(
      () => existsSync(join(folder, 'postgres/data')) || service.output.includes('creating'),
    );
    expect(await service.stop('SIGINT')).toBe(0);
    // Once nobody is left, nobody can come.
    await until(() => processesOn(folder).length === 0);
    expect(postgresPid() === 0 || !isAlive(postgresPid())).toBe(true);
  });
});

describe('on a database of the settings', () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await createDatabase();
  });
  afterEach(async () => {
    for (const service of services) await service.stop();
    await database.drop();
  });

  it('in production: makes the given administrator, prints no password, logs JSON', async () => {
    const JWT_KEYS_FILE = join(folder, 'keys.json');
    const generator = start({}, { program: 'config/keys.js', args: ['generate'] });
    await generator.exited;
    writeFileSync(JWT_KEYS_FILE, generator.output);
    const production = {
      NODE_ENV: 'production',
      DATABASE_URL: database.url,
      JWT_KEYS_FILE,
      JWT_ISSUER: 'https://api.example.com',
      JWT_AUDIENCE: 'stockroom',
      ADMIN_EMAIL: 'Boss@example.com',
      ADMIN_PASSWORD: 'quite a long password',
    };
    const service = await start(production).ready();
    const admin = await signIn(service, 'boss@example.com', 'quite a long password');
    expect((await admin.get('/v1/users')).body.data).toHaveLength(1);
    expect((await admin.get('/v1/products')).body.data).toEqual([]);
    await service.until(() => service.output.includes('Listening on'));
    expect(service.output).not.toContain('quite a long password');
    for (const line of service.output
      .trim()
      .split('\n')
      .filter((text) => !/^\(|deprecat/i.test(text))) {
      expect(JSON.parse(line), line).toHaveProperty('time');
    }
    expect(await service.stop()).toBe(0);
  });

  it('finishes what is in flight, says that it is not ready, and takes nothing new', async () => {
    const service = await start({ DATABASE_URL: database.url, ...ADMIN }).ready();
    const admin = await signIn(service, ADMIN.ADMIN_EMAIL, ADMIN.ADMIN_PASSWORD);
    const { body } = await admin.post('/v1/products', { sku: 'SLOW-1', name: 'Slow', price: 1 });
    const other = new pg.Client(database.url);
    await other.connect();
    await other.query('BEGIN');
    await other.query('SELECT 1 FROM products WHERE id = $1 FOR UPDATE', [body.id]);

    const slow = admin.patch(`/v1/products/${body.id}`, { name: 'Changed' });
    // A probe on a connection that is open already: its request is complete only after the signal.
    const probe = connect(Number(port), '127.0.0.1');
    let answer = '';
    probe.setEncoding('utf8').on('data', (text: string) => (answer += text));
    probe.write('GET /health/ready HTTP/1.1\r\nHost: localhost\r\n');
    await until(async () => (await waiting(database.url)) === 1);

    const stopped = service.stop();
    await until(async () => (await service.status('/health/live')) === undefined);
    expect(service.hasExited).toBe(false);
    // No connection that is kept alive keeps the service alive: this one is closed while another is still busy.
    const hungUp = once(probe, 'close');
    probe.write('\r\n');
    await hungUp;
    expect(answer).toMatch(/^HTTP\/1\.1 503 .*"code":"unavailable"/s);
    expect(service.hasExited).toBe(false);

    await other.query('COMMIT');
    await other.end();
    expect(await slow).toMatchObject({ status: 200, body: { name: 'Changed' } });
    expect(await stopped).toBe(0);
    await until(async () => (await connections(database.url)) === 0);
  });

  it('waits for a database that does not answer yet, and recovers when it goes away and comes back', async () => {
    const link = await freePort();
    const url = new URL(database.url);
    const target = Number(url.port);
    url.port = String(link);
    const service = start({ DATABASE_URL: url.href, ...ADMIN });
    await service.until(() => service.output.includes('waiting for it'));
    expect(service.output).toMatch(/database does not answer yet \(.*ECONNREFUSED/);
    await expectUnavailable(service);

    let proxy = await openProxy(link, target);
    await service.ready();
    expect(service.output).toContain('The database answers');
    const admin = await signIn(service, ADMIN.ADMIN_EMAIL, ADMIN.ADMIN_PASSWORD);
    expect((await admin.get('/v1/users/me')).status).toBe(200);

    proxy.cut();
    await until(async () => (await service.status('/health/ready')) === 503);
    await expectUnavailable(service);
    proxy = await openProxy(link, target);
    await service.ready();
    expect(await service.stop()).toBe(0);
    proxy.cut();
  });

  it('can be stopped while it waits', async () => {
    const service = start({ DATABASE_URL: `postgresql://me@127.0.0.1:${await freePort()}/nothing` });
    await service.until(async () => (await service.status('/health/live')) === 200);
    await service.until(() => service.output.includes('waiting for it'));
    // With 1 where it has to be cut off.
    expect(await service.stop()).toBe(0);
    expect(service.output).not.toContain('did not stop');
  });
});

const ADMIN = { ADMIN_EMAIL: 'admin@example.com', ADMIN_PASSWORD: 'a password for the admin' };

/** Alive, but with nothing to offer. */
async function expectUnavailable(service: BuiltService): Promise<void> {
  const api = new ApiClient(service.url);
  expect((await api.get('/health/live')).status).toBe(200);
  const { status, headers, body } = await api.get('/health/ready');
  expect([status, body.code]).toEqual([503, 'unavailable']);
  expect(headers.get('retry-after')).toMatch(/^\d+$/);
  const login = await api.post('/v1/auth/login', { email: ADMIN.ADMIN_EMAIL, password: 'whatever it is' });
  expect([login.status, login.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)]);
}

/** Stands between the service and its database, so that this can go away. */
async function openProxy(port: number, target: number): Promise<{ cut(): void }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream).pipe(client);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    cut: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** How many sessions of the service wait for a lock. */
const waiting = (url: string): Promise<number> => count(url, `wait_event_type = 'Lock'`);
const connections = (url: string): Promise<number> => count(url, 'true');

async function count(url: string, condition: string): Promise<number> {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::int FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'stockroom' AND ${condition}`,
  );
  await client.end();
  return rows[0]?.count ?? 0;
}
