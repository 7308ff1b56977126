import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { ApiClient } from '../support/api-client.js';
import { BuiltService, freePort } from '../support/built-service.js';
import { countsOf, upload } from '../support/imports.js';
import type { ImportBody } from '../support/imports.js';
import { OwnPostgres } from '../support/own-postgres.js';

const ADMIN = { ADMIN_EMAIL: 'admin@example.com', ADMIN_PASSWORD: 'a password for the admin' };
const ROWS = 40_000;
const SKUS = 38_000;

let postgres: OwnPostgres;
let service: BuiltService;
let api: ApiClient;

beforeAll(async () => {
  postgres = await OwnPostgres.start();
  service = new BuiltService({
    ...ADMIN,
    DATABASE_URL: postgres.url,
    DATA_DIR: inject('dataDir'),
    NODE_ENV: 'test',
    RATE_LIMIT_PER_MINUTE: '0',
    PORT: String(await freePort()),
  });
  await service.ready();
  const credentials = { email: ADMIN.ADMIN_EMAIL, password: ADMIN.ADMIN_PASSWORD };
  const signedOut = new ApiClient(service.url);
  const { body } = await signedOut.post<{ access_token: string }>('/v1/auth/login', credentials);
  api = signedOut.withToken(body.access_token);
});
afterAll(async () => {
  await service.stop('SIGKILL');
  await postgres.remove();
});

it('survives kill -9 of PostgreSQL in the middle of an import, and does no row twice', async () => {
  const rows = Array.from({ length: ROWS }, (_, n) => `S-${(n * 7919) % SKUS},Row ${n},1.50\n`);
  const { body } = await upload(api, `sku,name,price\n${rows.join('')},Nameless,1\n`);
  const path = `/v1/product-imports/${body.id}`;
  const until = async (isThere: (found: ImportBody) => boolean): Promise<ImportBody> => {
    for (;;) {
      const { status, body: found } = await api.get<ImportBody>(path);
      if (status === 200 && isThere(found)) return found;
      await sleep(10);
    }
  };
  await until(({ processed_rows: processed }) => processed > 1);
  await postgres.kill();
  expect((await api.get(path)).status).toBe(503);
  await postgres.comeBack();

  const halfDone = await until(() => true);
  expect(halfDone.status).toBe('running');
  expect(halfDone.processed_rows).toBeLessThan(ROWS);
  const done = await until(({ status }) => status !== 'running');
  expect(done.status).toBe('succeeded');
  expect(countsOf(done)).toEqual([ROWS + 1, SKUS, 0, ROWS - SKUS, 1]);
  // The service is the one that was there before.
  expect(service.hasExited).toBe(false);
});
