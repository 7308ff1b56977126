import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiClient } from '../support/api-client.js';
import { BuiltService, freePort } from '../support/built-service.js';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { holdLock } from '../support/locks.js';
import { aProduct } from '../support/products.js';

const ADMIN = { email: 'admin@example.com', password: 'a passphrase for the tests' };

let database: TestDatabase;
let observer: pg.Client;
let folder: string;
let service: BuiltService;
let environment: NodeJS.ProcessEnv;
let headers: Record<string, string>;

beforeEach(async () => {
  database = await createDatabase();
  observer = new pg.Client({ connectionString: database.url });
  await observer.connect();
  folder = mkdtempSync(join(tmpdir(), 'stockroom-crash-'));
  environment = {
    PORT: String(await freePort()),
    DATA_DIR: folder,
    DATABASE_URL: database.url,
    ADMIN_EMAIL: ADMIN.email,
    ADMIN_PASSWORD: ADMIN.password,
  };
  service = await new BuiltService(environment).ready();
  headers = { 'idempotency-key': randomUUID() };
});

afterEach(async () => {
  await service.stop();
  await observer.end();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

async function bearer(): Promise<Record<string, string>> {
  const { body } = await new ApiClient(service.url).post<{ access_token: string }>('/v1/auth/login', ADMIN);
  return { authorization: `Bearer ${body.access_token}` };
}

async function signIn(): Promise<ApiClient> {
  return new ApiClient(service.url).with(await bearer());
}

/** Lets nobody write to the table. */
const holdWriters = (table: string) => holdLock(database.url, `LOCK TABLE ${table} IN SHARE MODE`);

async function countProducts(sku: unknown): Promise<number | null> {
  return (await observer.query('SELECT FROM products WHERE sku = $1', [sku])).rowCount;
}

describe('a POST under an Idempotency-Key', () => {
  it.each(['products', 'idempotency_keys'])(
    'whose service is killed while it writes to %s has left nothing, and is carried out once when it is repeated',
    async (table) => {
      const body = aProduct();
      const hold = await holdWriters(table);
      const first = (await signIn()).post('/v1/products', body, headers).catch(() => 'cut off');
      await hold.waiters(1);
      await service.stop('SIGKILL');
      expect(await first).toBe('cut off');
      await hold.release();
      service = await new BuiltService(environment).ready();
      const again = await (await signIn()).post('/v1/products', body, headers);
      expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, null]);
      expect(await countProducts(body.sku)).toBe(1);
    },
  );

  it('whose answer was lost is answered from what was kept, also by the next service', async () => {
    const body = aProduct();
    const hold = await holdWriters('products');
    const patience = new AbortController();
    const lost = fetch(`${service.url}/v1/products`, {
      method: 'POST',
      headers: { ...headers, ...(await bearer()), 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: patience.signal,
    }).catch(() => 'lost');
    await hold.waiters(1);
    patience.abort();
    expect(await lost).toBe('lost');
    await hold.release();
    await service.until(async () => (await countProducts(body.sku)) === 1);
    await service.stop('SIGKILL');
    service = await new BuiltService(environment).ready();
    const again = await (await signIn()).post('/v1/products', body, headers);
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
    expect(again.body).toMatchObject(body);
    expect(await countProducts(body.sku)).toBe(1);
  });
});
