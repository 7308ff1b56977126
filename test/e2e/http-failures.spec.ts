import { Writable } from 'node:stream';
import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { currentContext } from '../../src/http/context/request-context.js';
import { aProduct, createProduct } from '../support/products.js';
import { sendRaw } from '../support/raw-http.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

interface Line {
  level: number;
  msg: string;
  trace_id?: string;
  err?: { stack?: string };
}

let app: TestApp;
let manager: SignedIn;
let lines: Line[] = [];

async function start(): Promise<void> {
  const destination = new Writable({
    write(line: Buffer, _encoding, done) {
      lines.push(JSON.parse(line.toString()) as Line);
      done();
    },
  });
  const mixin = () => ({ trace_id: currentContext()?.traceId });
  app = await startTestApp({}, { logger: pino({ mixin }, destination) });
  manager = await app.signIn('manager');
}
beforeEach(() => {
  lines = [];
});

describe('a failure that nobody expected', () => {
  const TRACE = 'abcdef0123456789abcdef0123456789';
  const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;

  beforeAll(async () => {
    await start();
    await app.dataSource.query('ALTER TABLE products DROP COLUMN in_stock CASCADE');
  });
  afterAll(() => app.close());

  it.each([
    ['GET', '/v1/products', undefined],
    ['POST', '/v1/products', aProduct()],
    ['GET', '/v1/products/0198c0de-7a11-7b3c-9d4e-5f60718293a4', undefined],
  ])('of %s %s tells clients nothing, and the log everything', async (method, path, body) => {
    const answer = await manager.api.send(method, path, body, { traceparent });
    expect(answer.status).toBe(500);
    expect(answer.body).toEqual({
      type: 'http://stockroom.test/docs/errors#internal_error',
      title: 'Internal error',
      status: 500,
      detail: 'Something went wrong on our side.',
      instance: path,
      code: 'internal_error',
      trace_id: TRACE,
    });
    expect(answer.text + JSON.stringify([...answer.headers])).not.toMatch(
      /in_stock|SELECT|INSERT|column|typeorm|\.ts/i,
    );
    const logged = lines.filter(({ level }) => level >= 50);
    expect(logged).toHaveLength(1);
    expect(logged[0]?.trace_id).toBe(TRACE);
    expect(logged[0]?.err?.stack).toMatch(/in_stock[^]*\n {4}at .*\/src\//);
  });

  it('is logged under its trace id also when the body came packet by packet', async () => {
    const body = Buffer.from(JSON.stringify(aProduct()));
    const head =
      `POST /v1/products HTTP/1.1\r\nHost: x\r\nConnection: close\r\ntraceparent: ${traceparent}\r\n` +
      `Authorization: Bearer ${manager.accessToken}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    const bytes = Array.from(body, (_, at) => body.subarray(at, at + 1));
    expect((await sendRaw(app.url, head, ...bytes)).problem).toMatchObject({ status: 500, trace_id: TRACE });
    expect(lines.filter(({ level }) => level >= 50).map(({ trace_id }) => trace_id)).toEqual([TRACE]);
  });

  it('leaves the service serving the rest', async () => {
    expect((await manager.api.get('/v1/products')).status).toBe(500);
    expect((await manager.api.get('/v1/users/me')).status).toBe(200);
  });
});

describe('a database that is away', () => {
  beforeAll(start);
  afterAll(() => app.close());

  const databaseName = () => new URL(app.config.database.url ?? '').pathname.slice(1);

  async function asAdmin(sql: string): Promise<void> {
    const url = new URL(inject('templateUrl'));
    url.pathname = '/postgres';
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    await client.query(sql);
    await client.end();
  }

  const takeAway = async () => {
    await asAdmin(`ALTER DATABASE ${databaseName()} ALLOW_CONNECTIONS false`);
    await asAdmin(
      `SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = '${databaseName()}'`,
    );
  };
  const giveBack = () => asAdmin(`ALTER DATABASE ${databaseName()} ALLOW_CONNECTIONS true`);

  it('is told as such, while the process stays alive, and the service recovers by itself', async () => {
    const product = await createProduct(manager.api);
    expect((await app.anonymous.get('/health/ready')).status).toBe(200);
    await takeAway();
    for (let round = 0; round < 3; round += 1) {
      const answers = [
        await manager.api.get('/v1/products'),
        await manager.api.get(`/v1/products/${product.id}`),
        await manager.api.patch(`/v1/products/${product.id}`, { name: 'Lost' }),
        await manager.api.post('/v1/products', aProduct()),
        await app.anonymous.post('/v1/auth/login', { email: manager.email, password: 'whatever it is' }),
        await app.anonymous.get('/health/ready'),
      ];
      for (const { status, body, headers } of answers) {
        expect([status, body.code]).toEqual([503, 'unavailable']);
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
        expect(headers.get('cache-control')).toBe('no-store');
      }
      expect((await app.anonymous.get('/health/live')).status).toBe(200);
    }
    await giveBack();
    expect((await app.anonymous.get('/health/ready')).status).toBe(200);
    expect((await manager.api.get(`/v1/products/${product.id}`)).body).toEqual(product);
    expect((await manager.api.patch(`/v1/products/${product.id}`, { name: 'Back' })).status).toBe(200);
    expect(lines.filter(({ level }) => level >= 50)).toEqual([]);
  });

  it('does not stop it from refusing what is wrong anyway', async () => {
    await takeAway();
    expect((await manager.api.post('/v1/products', '{')).status).toBe(400);
    expect((await app.anonymous.get('/v1/products')).status).toBe(401);
    expect((await app.anonymous.get('/nowhere')).status).toBe(404);
    await giveBack();
  });

  it('in the middle of many requests leaves no request without an answer', async () => {
    const running = Array.from({ length: 40 }, () => manager.api.get('/v1/products?q=hammer'));
    await takeAway();
    const answers = await Promise.all([
      ...running,
      ...Array.from({ length: 10 }, () => manager.api.get('/v1/products')),
    ]);
    await giveBack();
    for (const { status } of answers) expect([200, 503]).toContain(status);
    expect((await manager.api.get('/v1/products')).status).toBe(200);
  });
});
