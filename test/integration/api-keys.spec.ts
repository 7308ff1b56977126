import { createHash } from 'node:crypto';
import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { KeyUsageService } from '../../src/identity/api-keys/key-usage.service.js';
import { EventLog } from '../../src/platform/events/event-log.js';
import { aKey, createKey, keyIdsOf } from '../support/api-keys.js';
import type { CreatedKey } from '../support/api-keys.js';
import { holdLock } from '../support/locks.js';
import { queries } from '../support/queries.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

let app: TestApp;
let manager: SignedIn;
/** Everything that the service writes at the most talkative level, with nothing redacted. */
let log = '';

beforeAll(async () => {
  const destination = { write: (line: string) => (log += line) };
  app = await startTestApp({}, { logger: pino({ level: 'trace' }, destination) });
  manager = await app.signIn('manager');
});
afterAll(() => app.close());

const withKey = (key: string, of = app) => of.anonymous.with({ 'x-api-key': key });
const sql = <Row>(text: string, values: unknown[] = []) => app.dataSource.query<Row[]>(text, values);

interface Row {
  secret_hash: Buffer;
  last_used_at: Date | null;
  version: number;
}

async function rowOf(id: string): Promise<Row> {
  const [row] = await sql<Row>('SELECT * FROM api_keys WHERE id = $1', [id]);
  return row as Row;
}

/** Works while a transaction of somebody else holds its locks; that is over once the work is done, or waits for it. */
async function meanwhile<T>(statement: string, values: unknown[], work: () => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: app.config.database.url });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query(statement, values);
    let isDone = false;
    const working = work().finally(() => (isDone = true));
    await until(async () => isDone || (await blockedBy(client)).length > 0);
    await client.query('COMMIT');
    return await working;
  } finally {
    await client.end();
  }
}

/** Since when transactions have been going on that wait for this one. */
async function blockedBy(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ since: string }>(
    `SELECT xact_start::text AS since FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))`,
  );
  return rows.map(({ since }) => since);
}

/** Once this instance has written down the uses of keys that it knows of. */
const noted = ({ app: instance }: TestApp) => instance.get(KeyUsageService).onApplicationShutdown();

describe('the secret of a key', () => {
  it('is in no table, no line of the log and no answer but the first', async () => {
    const created = await createKey(manager.api, { scopes: ['products:read', 'products:write'] });
    const secret = created.key.slice(created.prefix.length + 1);
    const api = withKey(created.key);
    const answers = [
      await api.get('/v1/users/me'),
      await api.get('/v1/api-keys'),
      await api.get(`/v1/api-keys/${created.id}`),
      await api.get('/v1/users'),
      await api.post('/v1/products', {}),
      await api.get('/v1/products?x-api-key=1'),
      await withKey(`${created.key}x`).get('/v1/users/me'),
      await withKey(`${created.prefix}_${secret.slice(0, -2)}--`).get('/v1/users/me'),
      await api.delete(`/v1/api-keys/${created.id}`),
      await api.get('/v1/users/me'),
    ];
    expect(log).toContain(`/v1/api-keys/${created.id}`);
    expect(log).toContain('The API key is not valid.');
    const bytes = Buffer.from(secret, 'base64url');
    const hash = createHash('sha256').update(secret).digest();
    expect((await rowOf(created.id)).secret_hash).toEqual(hash);
    const tables = await sql<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
       WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    );
    const dumps = tables.map(({ name }) =>
      sql<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM ${name} t`),
    );
    const rows = (await Promise.all(dumps)).flat().map(({ row }) => row);
    expect(rows.join('\n')).toContain(hash.toString('hex'));
    const places = [log, ...rows, ...answers.map(({ text, headers }) => text + JSON.stringify([...headers]))];
    for (const part of [secret.slice(0, 30), bytes.toString('hex'), bytes.toString('base64')])
      expect(places.filter((place) => place.includes(part))).toEqual([]);
    for (const { text } of answers) expect(text).not.toContain(hash.toString('hex'));
  });
});

describe('the event log', () => {
  const eventsOf = (id: string) =>
    sql('SELECT type, actor_type, actor_id, details FROM events WHERE resource_id = $1 ORDER BY position', [
      id,
    ]);

  it('tells who made a key and who revoked it', async () => {
    const parent = await createKey(manager.api, { name: 'Parent' });
    const child = await createKey(withKey(parent.key), { name: 'Child' });
    await withKey(child.key).delete(`/v1/api-keys/${parent.id}`);
    const details = { name: 'Parent', scopes: ['products:read'] };
    expect(await eventsOf(parent.id)).toEqual([
      { type: 'api_key.created', actor_type: 'user', actor_id: manager.id, details },
      { type: 'api_key.revoked', actor_type: 'api_key', actor_id: child.id, details },
    ]);
    expect(await eventsOf(child.id)).toMatchObject([
      { type: 'api_key.created', actor_type: 'api_key', actor_id: parent.id },
      { type: 'api_key.revoked', actor_type: 'api_key', actor_id: child.id },
    ]);
  });

  it('fails or is written together with what it tells', async () => {
    const { id, key } = await createKey(manager.api);
    const before = await keyIdsOf(manager.api);
    const append = vi.spyOn(app.app.get(EventLog), 'append').mockRejectedValue(new Error('no room'));
    try {
      expect((await manager.api.post('/v1/api-keys', aKey())).status).toBe(500);
      expect((await manager.api.delete(`/v1/api-keys/${id}`)).status).toBe(500);
    } finally {
      append.mockRestore();
    }
    expect(await keyIdsOf(manager.api)).toEqual(before);
    expect((await withKey(key).get('/v1/users/me')).status).toBe(200);
  });
});

describe('last_used_at', () => {
  it('is written once a minute, whatever the number of requests and instances', async () => {
    const { id, key } = await createKey(manager.api);
    const other = await startTestApp({}, { databaseUrl: app.config.database.url });
    try {
      const use = async () => {
        const calls = Array.from({ length: 40 }, (_, n) => withKey(key, n % 2 === 0 ? app : other));
        await Promise.all(calls.map((api) => api.get('/v1/products/no-uuid')));
        await Promise.all([noted(app), noted(other)]);
      };
      const before = Date.now();
      await use();
      const first = await rowOf(id);
      expect(first.last_used_at?.getTime()).toBeGreaterThanOrEqual(before);
      expect(first.last_used_at?.getTime()).toBeLessThanOrEqual(Date.now());
      await use();
      expect(await rowOf(id)).toEqual(first);
      expect(first.version).toBe(2);
    } finally {
      await other.close();
    }
  });

  it.each([
    [59, 1],
    [61, 2],
  ])('that is %i seconds old leads to version %i', async (age, version) => {
    const { id, key } = await createKey(manager.api);
    const client = new pg.Client({ connectionString: app.config.database.url });
    await client.connect();
    try {
      await client.query('BEGIN');
      await client.query('SELECT FROM api_keys WHERE id = $1 FOR UPDATE', [id]);
      await withKey(key).get('/v1/products');
      // What writes the use down waits, so that the age at its moment can be given to it, to the second.
      const [now] = await until(async () => {
        const waiting = await blockedBy(client);
        return waiting.length > 0 && waiting;
      });
      await client.query(
        `UPDATE api_keys SET last_used_at = $3::timestamptz - $2 * interval '1 second' WHERE id = $1`,
        [id, age, now],
      );
      await client.query('COMMIT');
    } finally {
      await client.end();
    }
    await noted(app);
    expect((await rowOf(id)).version).toBe(version);
  });

  it('is not waited for by the request, but by the service that stops meanwhile', async () => {
    const stopping = await startTestApp({}, { databaseUrl: app.config.database.url });
    const { id, key } = await createKey(manager.api);
    const order: string[] = [];
    const destroy = stopping.dataSource.destroy.bind(stopping.dataSource);
    vi.spyOn(stopping.dataSource, 'destroy').mockImplementation(() => {
      order.push('the pool closes');
      return destroy();
    });
    const usage = stopping.app.get(KeyUsageService);
    const stop = usage.onApplicationShutdown.bind(usage);
    const stops = vi.spyOn(usage, 'onApplicationShutdown').mockImplementation(async () => {
      await stop();
      order.push('the use is noted');
    });
    const lock = await holdLock(app.config.database.url, 'SELECT FROM api_keys WHERE id = $1 FOR UPDATE', id);
    expect((await withKey(key, stopping).get('/v1/users/me')).status).toBe(200);
    await lock.waiters(1);
    const closed = stopping.close();
    await until(() => stops.mock.calls.length > 0);
    await new Promise(setImmediate);
    order.push('the row is free');
    await lock.release();
    await closed;
    expect(order).toEqual(['the row is free', 'the use is noted', 'the pool closes']);
    expect((await rowOf(id)).last_used_at).not.toBeNull();
  });
});

describe('a request with a key', () => {
  // A product's id that is none is answered after authentication and before any query of the feature.
  const call = (key: string) => withKey(key).get('/v1/products/no-uuid');
  const hundred = (key: string) => Promise.all(Array.from({ length: 100 }, () => call(key)));

  it('costs no query once the key is known, and one if it is unknown or wrong', async () => {
    const { key, prefix } = await createKey(manager.api);
    const fresh = await createKey(manager.api);
    await call(key);
    await noted(app);
    await queries(app, () => hundred(key)).toBe(0);
    await queries(app, () => hundred(`${prefix}_${'A'.repeat(43)}`)).toBe(0);
    await queries(app, () => hundred(`${prefix}_short`)).toBe(0);
    await queries(app, () => hundred(`${fresh.prefix}_${'A'.repeat(43)}`)).toBe(100);
    await queries(app, () => hundred(`sr_${'0'.repeat(32)}_${'A'.repeat(43)}`)).toBe(100);
  });
});

describe('while a key is being made with a key', () => {
  const create = (parent: CreatedKey) => withKey(parent.key).post('/v1/api-keys', aKey({ name: 'Late' }));

  it.each([
    ['that is being revoked', 'UPDATE api_keys SET revoked_at = now() WHERE id = $1', 'id'],
    ['whose owner is being deactivated', 'UPDATE users SET is_active = false WHERE id = $1', 'owner'],
    ['whose owner is being deleted', 'UPDATE users SET deleted_at = now() WHERE id = $1', 'owner'],
  ])('%s, it is not made', async (_, statement, whose) => {
    const owner = await app.signIn('customer');
    const parent = await createKey(owner.api);
    expect((await withKey(parent.key).get('/v1/users/me')).status).toBe(200);
    const target = whose === 'id' ? parent.id : owner.id;
    const { status } = await meanwhile(statement, [target], () => create(parent));
    expect(status).toBe(401);
    expect(await sql(`SELECT FROM api_keys WHERE user_id = $1 AND name = 'Late'`, [owner.id])).toEqual([]);
  });
});
