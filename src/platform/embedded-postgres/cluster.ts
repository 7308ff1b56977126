import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Account, giveTo, run } from './account.js';
import type { Binaries } from './binaries.js';
import { EmbeddedPostgresError, lastLines } from './embedded-postgres.error.js';

export const USER = 'stockroom';

export interface Cluster {
  /** PostgreSQL's data directory. */
  data: string;
  password: string;
}

export const dataOf = (place: string): string => join(place, 'data');

/** The data directory of `place`, made by initdb at the first start. */
export async function openCluster(
  place: string,
  binaries: Binaries,
  account: Account | undefined,
  log: (line: string) => void,
): Promise<Cluster> {
  const data = dataOf(place);
  if (existsSync(data) && readdirSync(data).length > 0) {
    checkUsable(data, binaries, account);
    return { data, password: readPassword(place, data) };
  }
  log(`creating a PostgreSQL ${binaries.version} database in ${data}`);
  const password = makePassword(place, account);
  await initdb(place, data, binaries, account);
  return { data, password };
}

function checkUsable(data: string, binaries: Binaries, account: Account | undefined): void {
  const versionFile = join(data, 'PG_VERSION');
  if (!existsSync(versionFile)) {
    throw new EmbeddedPostgresError(
      `${data} is not a PostgreSQL data directory (it has no PG_VERSION). Move it away, or set DATA_DIR or DATABASE_URL.`,
    );
  }
  const made = readFileSync(versionFile, 'utf8').trim();
  const major = binaries.version.split('.')[0] ?? '';
  if (made !== major) {
    throw new EmbeddedPostgresError(
      `The data directory ${data} was made by PostgreSQL ${made}, but this Stockroom brings PostgreSQL ${major}. ` +
        `Move that folder away to start with an empty database, or set DATABASE_URL to a PostgreSQL ${made} server that serves it.`,
    );
  }
  const owner = statSync(data).uid;
  const runner = account?.uid ?? process.getuid?.();
  if (runner !== undefined && owner !== runner) {
    throw new EmbeddedPostgresError(
      `The data directory ${data} belongs to uid ${owner}, but PostgreSQL would run as uid ${runner}, and insists on its own. ` +
        `Start Stockroom as that user, or \`chown -R ${runner} ${data}\`, or move it away to start with an empty database.`,
    );
  }
}

const passwordFile = (place: string): string => join(place, 'password');

export function readPassword(place: string, data: string): string {
  const password = existsSync(passwordFile(place)) ? readFileSync(passwordFile(place), 'utf8').trim() : '';
  if (password !== '') return password;
  throw new EmbeddedPostgresError(
    `${passwordFile(place)} is missing: without it nobody gets into ${data}. ` +
      'Bring the file back, or move both away to start with an empty database, or set DATABASE_URL.',
  );
}

/** Not `trust`: a port on 127.0.0.1 is open to every local user. initdb reads the file, hence its owner. */
function makePassword(place: string, account: Account | undefined): string {
  const file = passwordFile(place);
  const password = randomBytes(24).toString('base64url');
  rmSync(file, { force: true });
  writeFileSync(file, `${password}\n`, { mode: 0o600, flag: 'wx' });
  giveTo(account, file);
  return password;
}

/** Into a sibling folder that is renamed when complete, so that an interrupted initdb leaves nothing half made. */
async function initdb(
  place: string,
  data: string,
  binaries: Binaries,
  account: Account | undefined,
): Promise<void> {
  const prefix = 'data-unfinished-';
  for (const name of readdirSync(place).filter((entry) => entry.startsWith(prefix))) {
    rmSync(join(place, name), { recursive: true, force: true, maxRetries: 5 });
  }
  const unfinished = mkdtempSync(join(place, prefix));
  chmodSync(unfinished, 0o700);
  giveTo(account, unfinished);
  const args = [
    `--pgdata=${unfinished}`,
    `--username=${USER}`,
    `--pwfile=${passwordFile(place)}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-sync',
    '--no-instructions',
  ];
  const { code, output } = await run(binaries.initdb, args, place, account);
  if (code === 0) {
    renameSync(unfinished, data);
    return;
  }
  rmSync(unfinished, { recursive: true, force: true, maxRetries: 5 });
  throw new EmbeddedPostgresError(
    `PostgreSQL could not create its data directory ${data} (initdb: ${code}). Cure what its last lines say, or set DATABASE_URL:\n` +
      lastLines(output),
  );
}
