import { request } from 'node:http';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { UploadsService } from '../../src/inventory/product-imports/uploads.service.js';
import { ApiClient } from '../support/api-client.js';
import { BuiltService, freePort } from '../support/built-service.js';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { holdTimers } from '../support/held-timers.js';
import { countsOf, upload } from '../support/imports.js';
import type { ImportBody } from '../support/imports.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const ADMIN = { ADMIN_EMAIL: 'admin@example.com', ADMIN_PASSWORD: 'a password for the admin' };
/** How often a worker looks for those that are gone. */
const LOOK_EVERY_MS = 15_000;
/** Several batches. */
const ROWS = 20_000;
const SKUS = 19_000;

let database: TestDatabase;
let client: pg.Client;
let environment: NodeJS.ProcessEnv;
const services: BuiltService[] = [];
const apps: TestApp[] = [];

beforeEach(async () => {
  database = await createDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  environment = {
    ...ADMIN,
    DATABASE_URL: database.url,
    DATA_DIR: inject('dataDir'),
    NODE_ENV: 'test',
  };
});
afterEach(async () => {
  for (const service of services.splice(0)) await service.stop('SIGKILL');
  for (const app of apps.splice(0)) await app.close();
  await client.end();
  await database.drop();
});

async function start(): Promise<{ service: BuiltService; token: string }> {
  const service = new BuiltService({ ...environment, PORT: String(await freePort()) });
  services.push(service);
  await service.ready();
  const { body } = await new ApiClient(service.url).post<{ access_token: string }>('/v1/auth/login', {
    email: ADMIN.ADMIN_EMAIL,
    password: ADMIN.ADMIN_PASSWORD,
  });
  return { service, token: body.access_token };
}

const one = async (sql: string): Promise<Record<string, unknown>> =>
  (await client.query<Record<string, unknown>>(sql)).rows[0] ?? {};
/** Of services that are killed. */
const CONNECTIONS = `SELECT count(*)::int AS open FROM pg_stat_activity
  WHERE datname = current_database() AND application_name LIKE 'stockroom%'`;
const IMPORT = `SELECT id, status, created_rows + updated_rows + unchanged_rows + failed_rows AS processed FROM product_imports`;

describe('kill -9 of the service', () => {
  it('in the middle of an import: the next one goes on with it, and no row is done twice', async () => {
    const first = await start();
    const rows = Array.from({ length: ROWS }, (_, n) => `S-${(n * 7919) % SKUS},Row ${n},1.50\n`);
    const api = new ApiClient(first.service.url).withToken(first.token);
    // A batch in the middle waits for somebody who is about to create one of its products, so the import cannot end.
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    await other.query(`BEGIN; INSERT INTO products (version, id, sku, name, price)
      VALUES (1, gen_random_uuid(), 'S-2', 'Never', 1)`);
    const { body } = await upload(api, `sku,name,price\n${rows.join('')},Nameless,1\n`);
    await until(async () => Number((await one(IMPORT))['processed']) > 1);
    await first.service.stop('SIGKILL');
    await other.query('ROLLBACK');
    await other.end();
    // What was on its way may still be committed.
    await until(async () => (await one(CONNECTIONS))['open'] === 0);

    const halfDone = await one(IMPORT);
    expect(halfDone['status']).toBe('running');
    expect(halfDone['processed']).toBeLessThan(ROWS);
    const { staged } = await one(`SELECT count(*)::int AS staged FROM product_import_rows WHERE sku > ''`);
    expect(Number(halfDone['processed']) + Number(staged)).toBe(ROWS + 1);

    const timers = holdTimers(LOOK_EVERY_MS);
    const next = await startTestApp({}, { databaseUrl: database.url });
    apps.push(next);
    await until(async () => {
      timers.fire(LOOK_EVERY_MS);
      return (await one(IMPORT))['status'] !== 'running';
    });
    timers.restore();
    const { api: reader } = await next.signIn('manager');
    const done = await reader.get<ImportBody>(`/v1/product-imports/${body.id}`);
    expect(done.body.status).toBe('succeeded');
    expect(countsOf(done.body)).toEqual([ROWS + 1, SKUS, 0, ROWS - SKUS, 1]);
    // Each product was written once, and by the last of its rows.
    const { products, once, last } = await one(`
      SELECT count(*)::int AS products, count(*) FILTER (WHERE version = 1)::int AS once,
        count(*) FILTER (WHERE split_part(name, ' ', 2)::int >= ${ROWS - SKUS})::int AS last FROM products`);
    expect([products, once, last]).toEqual([SKUS, SKUS, SKUS]);
    expect(await one(`SELECT count(*)::int AS staged FROM product_import_rows WHERE sku > ''`)).toEqual({
      staged: 0,
    });
  });

  it('in the middle of an upload: nothing is imported, and the import says so', async () => {
    const { service, token } = await start();
    const sender = request(`${service.url}/v1/product-imports`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv', authorization: `Bearer ${token}` },
    });
    sender.on('error', () => undefined);
    sender.write('sku,name,price\nA,Thing,1\n');
    await until(async () => (await one(IMPORT))['status'] === 'pending');
    await service.stop('SIGKILL');

    const next = await startTestApp({}, { databaseUrl: database.url });
    apps.push(next);
    await client.query(`UPDATE product_imports SET created_at = created_at - interval '2 minutes'`);
    // Its connection may take a moment to be seen as broken.
    await until(async () => {
      await next.app.get(UploadsService).failLost();
      return (await one(IMPORT))['status'] === 'failed';
    });
    const { api } = await next.signIn('manager');
    const { body } = await api.get<ImportBody>(`/v1/product-imports/${String((await one(IMPORT))['id'])}`);
    expect(body).toMatchObject({ total_rows: 0, error: { code: 'upload_incomplete' } });
    expect(await one('SELECT count(*)::int AS rows FROM products')).toEqual({ rows: 0 });
    expect(await one('SELECT count(*)::int AS rows FROM product_import_rows')).toEqual({ rows: 0 });
  });
});
