import type { Config } from '../../../config/index.js';

export interface OpenDatabase {
  readonly config: Config;
  stop(this: void): Promise<void>;
}

/**
 * The database of the settings, or else a real PostgreSQL in `DATA_DIR`, which is stopped with the service. Commands may
 * join the one of a service that runs.
 */
export async function openDatabase(
  config: Config,
  log: (line: string) => void,
  { join = false } = {},
): Promise<OpenDatabase> {
  if (config.database.url !== undefined) return { config, stop: () => Promise.resolve() };
  const { joinEmbeddedPostgres, startEmbeddedPostgres } =
    await import('../embedded-postgres/embedded-postgres.js');
  const options = { dataDir: config.dataDir, log };
  const server = await (join ? joinEmbeddedPostgres(options) : startEmbeddedPostgres(options));
  return { config: config.withDatabaseUrl(server.url), stop: () => server.stop() };
}
