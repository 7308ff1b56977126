import { mkdirSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { serverAccount } from './account.js';
import { findBinaries } from './binaries.js';
import { dataOf, openCluster, readPassword } from './cluster.js';
import { databaseUrl, ensureDatabase } from './database.js';
import { EmbeddedPostgresError, errorCode, errorText } from './embedded-postgres.error.js';
import { type Lock, lockDataDir } from './lock.js';
import { knownPlace, preparePlace } from './place.js';
import { findRunningServer, readPidFile, type Running, stopServer } from './postmaster.js';
import { launchServer } from './server.js';

export { EmbeddedPostgresError } from './embedded-postgres.error.js';

export interface EmbeddedPostgresOptions {
  /**
   * Folder that holds everything: the data in `postgres/`, and a lock. For root it should be one that others may enter (0711), or
   * the data goes elsewhere, with a note here that says where.
   */
  dataDir: string;
  /** `false`, for throw-away servers (tests), trades durability for speed: a crash may lose the last commits. Default: true. */
  durable?: boolean;
  /** Lines for people. */
  log?: (line: string) => void;
}

export interface EmbeddedPostgres {
  /** postgresql:// URL of the database `stockroom`. */
  url: string;
  stop(): Promise<void>;
}

/**
 * A real PostgreSQL for development and tests, from npm: nothing to install, nothing to configure. Made at the first start, found
 * again at the next one whatever happened to the last (kill -9 of us, of the server, in the midst of its creation).
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { durable = true, log = () => undefined } = options;
  const dataDir = resolve(options.dataDir);
  try {
    mkdirSync(dataDir, { recursive: true });
    return await startLocked(realpathSync(dataDir), durable, log);
  } catch (error) {
    throw explained(error, dataDir);
  }
}

/** The server that another process has in that folder, which goes on without us; or else one of our own. */
export async function joinEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const place = knownPlace(resolve(options.dataDir));
  const data = dataOf(place);
  if (!readPidFile(data)) return startEmbeddedPostgres(options);
  const password = readPassword(place, data);
  const server = await findRunningServer(data, password);
  if (!server) return startEmbeddedPostgres(options);
  return { url: databaseUrl(server.port, password), stop: () => Promise.resolve() };
}

async function startLocked(
  dataDir: string,
  durable: boolean,
  log: (line: string) => void,
): Promise<EmbeddedPostgres> {
  const lock = await lockDataDir(dataDir);
  try {
    const account = serverAccount(dataOf(knownPlace(dataDir)));
    const place = await preparePlace(dataDir, account, log);
    const binaries = await findBinaries(place, account, log);
    const { data, password } = await openCluster(place, binaries, account, log);

    let server = await findRunningServer(data, password);
    if (server) log(`adopted the running PostgreSQL (pid ${server.pid}) that an earlier start left behind`);
    else if (readPidFile(data)) log('recovering: the last PostgreSQL was killed');
    server ??= await launchServer({ postgres: binaries.postgres, place, data, durable, account, log });
    return await serve(server, data, password, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function serve(
  { pid, port }: Running,
  data: string,
  password: string,
  lock: Lock,
): Promise<EmbeddedPostgres> {
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopping ??= stopServer(data, pid).finally(() => {
      lock.release();
    }));
  try {
    await ensureDatabase(port, password);
  } catch (error) {
    await stop();
    throw new EmbeddedPostgresError(
      `PostgreSQL started on ${data}, but does not let us in: ${errorText(error)}. If the file "password" beside that folder was changed, ` +
        'bring it back; or move both away to start with an empty database, or set DATABASE_URL.',
      { cause: error },
    );
  }
  return { url: databaseUrl(port, password), stop };
}

const NOT_WRITABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'EEXIST', 'ENOTDIR', 'ENOSPC']);

function explained(error: unknown, dataDir: string): unknown {
  if (error instanceof EmbeddedPostgresError || !NOT_WRITABLE.has(errorCode(error) ?? '')) return error;
  return new EmbeddedPostgresError(
    `The data folder ${dataDir} cannot be used (${errorText(error)}). Make it a folder that you may write to, ` +
      'or set DATA_DIR to another one, or set DATABASE_URL to a PostgreSQL server.',
    { cause: error },
  );
}
