import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Account, canWorkIn } from './account.js';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';

/**
 * The place: the folder with `data/` (the server's), `password`, `server.log` and, where needed, copied binaries. It is ours,
 * not the server account's, so that nothing running under that account can plant a symlink for root to follow.
 */
const insidePlace = (dataDir: string): string => join(dataDir, 'postgres');
const noteFile = (dataDir: string): string => join(dataDir, 'postgres-is-elsewhere.txt');

function notedPlace(dataDir: string): string | undefined {
  if (!existsSync(noteFile(dataDir))) return undefined;
  return readFileSync(noteFile(dataDir), 'utf8').trim().split('\n').at(-1);
}

/** Where the last start left the data, if there was one. */
export function knownPlace(dataDir: string): string {
  const noted = notedPlace(dataDir);
  return noted !== undefined && existsSync(noted) ? noted : insidePlace(dataDir);
}

export async function preparePlace(
  dataDir: string,
  account: Account | undefined,
  log: (line: string) => void,
): Promise<string> {
  const noted = notedPlace(dataDir);
  if (noted !== undefined && existsSync(noted)) return refuseForeign(noted);
  if (noted !== undefined) log(`the data was in ${noted}, which is gone: starting with an empty database`);

  const inside = insidePlace(dataDir);
  if (!account || (await canWorkIn(dataDir, account))) {
    mkdirSync(inside, { recursive: true });
    chmodSync(inside, account ? 0o711 : 0o700);
    rmSync(noteFile(dataDir), { force: true });
    return inside;
  }
  if (existsSync(join(inside, 'data'))) {
    throw new EmbeddedPostgresError(
      `The account "${account.name}", which runs PostgreSQL for root, can no longer enter ${inside}: a folder above it is closed. ` +
        'Open the way (chmod o+x on the folders above), or move that folder away to start with an empty database, or set DATABASE_URL.',
    );
  }
  return elsewhere(dataDir, account, log);
}

/** The note names a path, perhaps in a shared /tmp: use it only if nobody but us can have filled it. */
function refuseForeign(place: string): string {
  const stat = lstatSync(place);
  const foreign = process.getuid && (stat.uid !== process.getuid() || (stat.mode & 0o022) !== 0);
  if (stat.isDirectory() && !foreign) return place;
  throw new EmbeddedPostgresError(
    `The database is in ${place}, but that folder belongs to another account (uid ${stat.uid}) or is writable by others. ` +
      'Start Stockroom as the user who made it, or set DATA_DIR to another folder, or set DATABASE_URL.',
  );
}

/** Below a closed folder (a clone in root's home) the server's account reaches nothing: a place outside, one that outlives a reboot if possible. */
async function elsewhere(dataDir: string, account: Account, log: (line: string) => void): Promise<string> {
  const prefix = `stockroom-${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}-`;
  const bases = ['/var/lib', '/var/tmp', tmpdir()];
  for (const base of bases) {
    const earlier = existsSync(base) ? readdirSync(base).filter((name) => name.startsWith(prefix)) : [];
    const place = await newPlace(base, prefix, account);
    if (place === undefined) continue;
    writeNote(dataDir, account, place);
    log(
      `"${account.name}", which runs PostgreSQL for root, cannot enter ${dataDir}: the data is in ${place}`,
    );
    for (const name of earlier) {
      log(
        `an earlier database of this folder is still in ${join(base, name)}: delete it if you do not need it`,
      );
    }
    return place;
  }
  throw new EmbeddedPostgresError(
    `The account "${account.name}", which runs PostgreSQL for root, cannot work in ${dataDir}, nor in ${bases.join(', ')}. ` +
      'Set DATA_DIR to a folder that it can enter, start Stockroom as an ordinary user, or set DATABASE_URL.',
  );
}

/** New and unguessable: nobody can have prepared it. */
async function newPlace(base: string, prefix: string, account: Account): Promise<string | undefined> {
  let place: string;
  try {
    place = mkdtempSync(join(base, prefix));
  } catch {
    return undefined; // read-only, absent, full
  }
  chmodSync(place, 0o711);
  if (await canWorkIn(place, account)) return place;
  rmSync(place, { recursive: true });
  return undefined;
}

const writeNote = (dataDir: string, account: Account, place: string): void => {
  writeFileSync(
    noteFile(dataDir),
    `PostgreSQL runs as "${account.name}", which cannot enter this folder. Its data is in the one below; delete both for an empty database.\n${place}\n`,
  );
};
