import { EventEmitter, once } from 'node:events';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { loadConfig } from '../../config/index.js';
import { dataSourceOptions } from '../../src/platform/database/data-source.options.js';
import { runMigrations } from '../../src/platform/database/migrations.js';
import { StagedRowsRepository } from '../../src/inventory/product-imports/staged-rows.repository.js';
import { holdTimers } from '../support/held-timers.js';
import { countsOf, upload } from '../support/imports.js';
import type { ImportBody } from '../support/imports.js';
import { OwnPostgres } from '../support/own-postgres.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

/** How often a worker looks for those that are gone. */
const LOOK_EVERY_MS = 15_000;
/** Several batches. */
const ROWS = 20_000;
const SKUS = 19_000;

let postgres: OwnPostgres;
let app: TestApp;
let manager: SignedIn;

beforeAll(async () => {
  postgres = await OwnPostgres.start();
  const config = loadConfig({
    NODE_ENV: 'test',
    DATABASE_URL: postgres.url,
    DATABASE_STATEMENT_TIMEOUT_MS: '60000',
    DATA_DIR: inject('dataDir'),
  });
  const dataSource = await new DataSource(dataSourceOptions(config, postgres.url)).initialize();
  await runMigrations(dataSource);
  await dataSource.destroy();
  app = await startTestApp({}, { databaseUrl: postgres.url });
  manager = await app.signIn('manager');
});
afterAll(async () => {
  await app.close();
  await postgres.remove();
});

/** From the third one on, batches wait in the midst of their transactions until the test opens the gate. */
function holdBatches(): { gate: EventEmitter; end: () => void } {
  const gate = new EventEmitter();
  const repository = app.app.get(StagedRowsRepository);
  const run = repository.applyBatch.bind(repository);
  let begun = 0;
  const spy = vi.spyOn(repository, 'applyBatch').mockImplementation(async (...args) => {
    if ((begun += 1) > 2) await once(gate, 'open');
    return run(...args);
  });
  return {
    gate,
    end: () => {
      spy.mockRestore();
      gate.emit('open');
    },
  };
}

it('survives kill -9 of PostgreSQL in the middle of an import, and does no row twice', async () => {
  const timers = holdTimers(LOOK_EVERY_MS);
  const { gate, end } = holdBatches();
  const rows = Array.from({ length: ROWS }, (_, n) => `S-${(n * 7919) % SKUS},Row ${n},1.50\n`);
  const { body } = await upload(manager.api, `sku,name,price\n${rows.join('')},Nameless,1\n`);
  const path = `/v1/product-imports/${body.id}`;
  const look = () => manager.api.get<ImportBody>(path);
  await until(async () => (await look()).body.processed_rows > 1 && gate.listenerCount('open') > 0);
  await postgres.kill();
  // Those that were held find their connections broken; the next ones are held as well.
  gate.emit('open');
  await until(async () => (await look()).status === 503);
  await postgres.comeBack();

  const halfDone = await until(async () => {
    const { status, body: found } = await look();
    return status === 200 && found;
  });
  expect(halfDone.status).toBe('running');
  expect(halfDone.processed_rows).toBeLessThan(ROWS);
  end();
  const done = await until(async () => {
    timers.fire(LOOK_EVERY_MS);
    const { body: found } = await look();
    return found.status !== 'running' && found;
  });
  timers.restore();
  expect(done.status).toBe('succeeded');
  expect(countsOf(done)).toEqual([ROWS + 1, SKUS, 0, ROWS - SKUS, 1]);
});
