import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import type { TestProject } from 'vitest/node';
import { loadConfig } from '../../config/index.js';
import { dataSourceOptions } from '../../src/platform/database/data-source.options.js';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/embedded-postgres.js';
import { runMigrations } from '../../src/platform/database/migrations.js';
import { ensureBuilt, publishedDocument } from './build.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The migrated database that each test file clones. */
    templateUrl: string;
    /** Keys, and whatever else a service keeps in DATA_DIR. */
    dataDir: string;
    /** The OpenAPI document of the built service, as JSON. */
    openApiDocument: string;
  }
}

/** One build and one PostgreSQL for the whole run, with a migrated template in it; nothing of it outlives the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  ensureBuilt();
  const dataDir = mkdtempSync(join(tmpdir(), 'stockroom-test-'));
  // Where root runs the tests, the server's account must be able to enter.
  chmodSync(dataDir, 0o711);
  const server = await startEmbeddedPostgres({ dataDir, durable: false });
  const environment = { NODE_ENV: 'test', DATABASE_URL: server.url, DATA_DIR: dataDir };
  const config = loadConfig(environment);
  const dataSource = await new DataSource(dataSourceOptions(config, server.url)).initialize();
  await runMigrations(dataSource);
  await dataSource.destroy();
  project.provide('templateUrl', server.url);
  project.provide('dataDir', dataDir);
  project.provide('openApiDocument', publishedDocument(environment));
  return async () => {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
}
