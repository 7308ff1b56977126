import { gunzipSync } from 'node:zlib';
import pg from 'pg';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { currentContext } from '../../src/http/context/request-context.js';
import {
  addLargeProducts,
  NDJSON,
  openExport,
  transactions,
  untilGone,
  untilResting,
} from '../support/exports.js';
import type { OpenExport } from '../support/exports.js';
import { holdTimers } from '../support/held-timers.js';
import { createProduct } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

/** 40 MB of NDJSON, 30 MB compressed: several times what the buffers of a connection take. */
const PRODUCTS = 8000;

interface Line {
  level: number;
  msg: string;
  context?: string;
  trace_id?: string;
}

let app: TestApp;
let manager: SignedIn;
let log: Line[] = [];

beforeAll(async () => {
  const mixin = () => ({ trace_id: currentContext()?.traceId });
  const write = (line: string) => void log.push(JSON.parse(line) as Line);
  // A quarter of the pool are two exports.
  app = await startTestApp({ DATABASE_POOL_SIZE: '8' }, { logger: pino({ mixin }, { write }) });
  manager = await app.signIn('manager');
  await addLargeProducts(app, PRODUCTS);
});
afterAll(() => app.close());
afterEach(async () => {
  vi.restoreAllMocks();
  log = [];
  await untilGone(app.dataSource);
});

const open = (coding = 'identity', path?: string) =>
  openExport(app.url, manager.accessToken, { accept: NDJSON, 'accept-encoding': coding }, path);
const rowsOf = (body: Buffer) => body.toString().split('\n').length - 1;
const traceOf = ({ headers }: OpenExport) => /^00-(\w+)-/.exec(String(headers.traceresponse))?.[1];
/** Of requests: what has a context goes on in the background, and may find a slow database slow. */
const troubles = () => log.filter(({ level, context }) => level >= 40 && context === undefined);

/** The next export is as good as any. */
async function expectGoodService(): Promise<void> {
  const next = await open('identity', '/v1/products?sku=LARGE-1');
  expect([next.status, rowsOf(await next.rest())]).toEqual([200, 1]);
}

/** The statements that the service sends from now on. */
function watchStatements(): (pattern: RegExp) => number {
  const query = vi.spyOn(pg.Client.prototype, 'query');
  const texts = () => query.mock.calls.map(([text]: unknown[]) => (typeof text === 'string' ? text : ''));
  return (pattern) => texts().filter((text) => pattern.test(text)).length;
}

describe('a client that does not read', () => {
  it('makes the service wait, too, and gets everything once it reads', async () => {
    const count = watchStatements();
    const slow = await open();
    await untilResting(app.dataSource);
    expect(count(/^FETCH/)).toBeLessThan(PRODUCTS / 250 / 2);
    expect(rowsOf(await slow.rest())).toBe(PRODUCTS);
    expect(count(/^FETCH/)).toBeGreaterThanOrEqual(PRODUCTS / 250);
  });

  it('gets what was there when it began', async () => {
    const slow = await open('identity', '/v1/products?sort=name');
    await untilResting(app.dataSource);
    await app.dataSource.query(
      `UPDATE products SET deleted_at = now() WHERE sku IN ('LARGE-998', 'LARGE-999')`,
    );
    await app.dataSource.query(`UPDATE products SET name = 'Zzz' WHERE sku = 'LARGE-997'`);
    await createProduct(manager.api, { name: 'Large 9999' });
    await createProduct(manager.api, { name: 'Large 99999' });
    const body = (await slow.rest()).toString();
    expect(body.match(/"sku":"LARGE-\d+","name":"Large \d+"/g)).toHaveLength(PRODUCTS);
    expect(body).not.toMatch(/Zzz|Large 9999/);
    const next = await open('identity', '/v1/products?sku=LARGE-997');
    expect((await next.rest()).toString()).toMatch(/Zzz/);
  });
});

describe('a client that never reads', () => {
  it('is dropped after a minute, which is no trouble of ours', async () => {
    const timers = holdTimers(60_000);
    const stalled = await open();
    await untilResting(app.dataSource);
    // Where the service is slow, it may have been about to send something, and have waited for nobody yet.
    await until(async () => {
      timers.fire(60_000);
      return (await transactions(app.dataSource)).length === 0;
    });
    timers.restore();
    await expect(stalled.rest()).rejects.toThrow(/aborted|ECONNRESET/);
    expect(log.filter(({ msg }) => /stopped reading/.test(msg))).toHaveLength(1);
    expect(troubles()).toEqual([]);
  });
});

describe('a client that leaves', () => {
  it.each(['identity', 'gzip', 'br'])('gives the connection back at once, in %s', async (coding) => {
    for (let time = 0; time < 5; time += 1) {
      const client = await open(coding);
      client.leave();
      await untilGone(app.dataSource);
    }
    await expectGoodService();
    expect(troubles()).toEqual([]);
  });

  it('while it did not read is no different', async () => {
    const client = await open();
    await untilResting(app.dataSource);
    client.leave();
    await untilGone(app.dataSource);
    expect(troubles()).toEqual([]);
  });

  it('before the first row leaves nothing behind, too', async () => {
    const locker = app.dataSource.createQueryRunner();
    await locker.startTransaction();
    await locker.query('LOCK TABLE products IN ACCESS EXCLUSIVE MODE');
    const count = watchStatements();
    const leaving = new AbortController();
    const headers = { authorization: `Bearer ${manager.accessToken}`, accept: NDJSON };
    const answer = fetch(`${app.url}/v1/products`, { headers, signal: leaving.signal });
    await expect.poll(() => count(/^DECLARE/)).toBe(1);
    leaving.abort();
    await expect(answer).rejects.toThrow();
    await locker.rollbackTransaction();
    await locker.release();
    await untilGone(app.dataSource);
    expect(troubles()).toEqual([]);
  });
});

describe('an export that cannot go on', () => {
  it.each(['identity', 'gzip'])('ends with its connection, and is logged once, in %s', async (coding) => {
    const broken = await open(coding);
    const [transaction] = await untilResting(app.dataSource);
    await app.dataSource.query('SELECT pg_terminate_backend($1)', [transaction?.pid]);
    await expect(broken.rest()).rejects.toThrow(/aborted|ECONNRESET/);
    expect(troubles()).toHaveLength(1);
    expect(troubles()[0]).toMatchObject({ level: 40, trace_id: traceOf(broken) });
    expect(troubles()[0]?.msg).toMatch(/^unavailable/);
    await expectGoodService();
  });

  it('breaks off as well at a row that cannot be read', async () => {
    await app.dataSource.query('ALTER TABLE products RENAME TO hidden');
    await app.dataSource.query(
      `CREATE VIEW products AS SELECT id, sku, name, description, currency, in_stock, stock_tracked, created_at, updated_at, version,
         deleted_at, price / (CASE sku WHEN 'LARGE-1300' THEN 0 ELSE 1 END) AS price FROM hidden`,
    );
    const broken = await open('br', '/v1/products?sort=name');
    expect(broken.status).toBe(200);
    await expect(broken.rest()).rejects.toThrow(/aborted|ECONNRESET/);
    await app.dataSource.query('DROP VIEW products');
    await app.dataSource.query('ALTER TABLE hidden RENAME TO products');
    expect(troubles()).toMatchObject([{ level: 50, trace_id: traceOf(broken) }]);
  });

  it('before its first row is an ordinary problem', async () => {
    await app.dataSource.query('ALTER TABLE products RENAME TO hidden');
    const { status, body, headers } = await manager.api.get('/v1/products', { accept: NDJSON });
    await app.dataSource.query('ALTER TABLE hidden RENAME TO products');
    expect([status, body.code]).toEqual([500, 'internal_error']);
    for (const name of ['content-disposition', 'content-encoding']) expect(headers.get(name)).toBeNull();
  });
});

describe('many exports at once', () => {
  it('are refused beyond a quarter of the pool, until one is over', async () => {
    const clients: OpenExport[] = [await open(), await open('gzip')];
    const { status, body, headers } = await manager.api.get('/v1/products', { accept: NDJSON });
    expect([status, body.code]).toEqual([503, 'overloaded']);
    expect(headers.get('retry-after')).toBe('5');
    expect((await manager.api.get('/v1/products')).status).toBe(200);
    const head = await manager.api.send('HEAD', '/v1/products', undefined, { accept: NDJSON });
    expect(head.status).toBe(200);
    clients[0]?.leave();
    const next = await until(async () => {
      const answer = await open('identity', '/v1/products?sku=LARGE-1');
      if (answer.status === 200) return answer;
      answer.leave();
      return null;
    });
    expect(rowsOf(await next.rest())).toBe(1);
    expect(rowsOf(gunzipSync((await clients[1]?.rest()) ?? Buffer.of()))).toBe(PRODUCTS);
  });
});

describe('HEAD', () => {
  it('reads no rows', async () => {
    const count = watchStatements();
    const { status } = await manager.api.send('HEAD', '/v1/products?q=large', undefined, { accept: NDJSON });
    expect(status).toBe(200);
    expect(count(/products|BEGIN|FETCH/)).toBe(0);
  });
});
