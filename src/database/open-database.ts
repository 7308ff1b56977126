import type { Config } from '../../config/index.js';

export interface OpenDatabase {
  readonly config: Config;
  stop(this: void): Promise<void>;
}

/** The database of the settings, or else a real PostgreSQL in `DATA_DIR` that is stopped with the service. */
export async function openDatabase(config: Config, log: (line: string) => void): Promise<OpenDatabase> {
  if (config.database.url !== undefined) return { config, stop: () => Promise.resolve() };
  const { startEmbeddedPostgres } = await import('./embedded/embedded-postgres.js');
  const server = await startEmbeddedPostgres({ dataDir: config.dataDir, log });
  return { config: config.withDatabaseUrl(server.url), stop: () => server.stop() };
}
