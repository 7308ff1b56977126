import { request } from 'node:http';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { UploadsService } from '../../src/product-imports/uploads.service.js';
import { ApiClient } from '../support/api-client.js';
import { BuiltService, freePort } from '../support/built-service.js';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { countsOf, upload } from '../support/imports.js';
import type { ImportBody } from '../support/imports.js';
import { startTestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const ADMIN = { ADMIN_EMAIL: 'admin@example.com', ADMIN_PASSWORD: 'a password for the admin' };
const ROWS = 40_000;
const SKUS = 38_000;

let database: TestDatabase;
let client: pg.Client;
let environment: NodeJS.ProcessEnv;
const services: BuiltService[] = [];

beforeEach(async () => {
  database = await createDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  environment = { DATABASE_URL: database.url, DATA_DIR: inject('dataDir'), NODE_ENV: 'test', ...ADMIN };
});
afterEach(async () => {
  for (const service of services.splice(0)) await service.stop('SIGKILL');
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
const IMPORT = `SELECT id, status, created_rows + updated_rows + unchanged_rows + failed_rows AS processed FROM product_imports`;

describe('kill -9 of the service', () => {
  // Another worker waits until the lease of this one is surely lost.
  it('in the middle of an import: the next one goes on with it, and no row is done twice', async () => {
    const first = await start();
    const rows = Array.from({ length: ROWS }, (_, n) => `S-${(n * 7919) % SKUS},Row ${n},1.50\n`);
    const api = new ApiClient(first.service.url).withToken(first.token);
    const { body } = await upload(api, `sku,name,price\n${rows.join('')},Nameless,1\n`);
    await until(async () => Number((await one(IMPORT))['processed']) > 1);
    await first.service.stop('SIGKILL');

    const halfDone = await one(IMPORT);
    expect(halfDone['status']).toBe('running');
    expect(halfDone['processed']).toBeLessThan(ROWS);
    const { staged } = await one(`SELECT count(*)::int AS staged FROM product_import_rows WHERE sku > ''`);
    expect(Number(halfDone['processed']) + Number(staged)).toBe(ROWS + 1);

    const second = await start();
    await until(async () => (await one(IMPORT))['status'] !== 'running');
    const done = await new ApiClient(second.service.url)
      .withToken(second.token)
      .get<ImportBody>(`/v1/product-imports/${body.id}`);
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
    await client.query(`UPDATE product_imports SET created_at = created_at - interval '2 minutes'`);
    // Its connection may take a moment to be seen as broken.
    await until(async () => {
      await next.app.get(UploadsService).failLost();
      return (await one(IMPORT))['status'] === 'failed';
    });
    const { api } = await next.signIn('manager');
    const { body } = await api.get<ImportBody>(`/v1/product-imports/${String((await one(IMPORT))['id'])}`);
    expect(body).toMatchObject({ total_rows: 0, error: { code: 'upload_incomplete' } });
    await next.close();
    expect(await one('SELECT count(*)::int AS rows FROM products')).toEqual({ rows: 0 });
    expect(await one('SELECT count(*)::int AS rows FROM product_import_rows')).toEqual({ rows: 0 });
  });
});
