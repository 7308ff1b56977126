import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedPostgresError, errorCode } from './embedded-postgres.error.js';

/** Who runs the server when we are root, whom PostgreSQL refuses. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/** Nothing of our environment reaches the server: no PG* variable, no locale, no secret. */
export const CHILD_ENV = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' };

/** `undefined`: not root, the server runs as ourselves. Existing data decides, so that root can start what a user began. */
export function serverAccount(data: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]): Account => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter((account) => account.uid > 0);
  const owner = existsSync(data) ? statSync(data).uid : undefined;
  const account =
    accounts.find(({ uid }) => uid === owner) ??
    accounts.find(({ name }) => name === 'nobody') ??
    accounts.find(({ name }) => name === 'daemon');
  if (account) return account;
  throw new EmbeddedPostgresError(
    'PostgreSQL refuses to run as root, and /etc/passwd has no account "nobody" or "daemon" to run it. ' +
      'Start Stockroom as an ordinary user, or set DATABASE_URL to a PostgreSQL server.',
  );
}

export function giveTo(account: Account | undefined, path: string): void {
  if (!account) return;
  try {
    chownSync(path, account.uid, account.gid);
  } catch (error) {
    throw new EmbeddedPostgresError(
      `Cannot hand ${path} to the account "${account.name}" that runs PostgreSQL for root (${errorCode(error) ?? ''}). ` +
        'Start Stockroom as an ordinary user, set DATA_DIR to a folder on a local disk, or set DATABASE_URL.',
      { cause: error },
    );
  }
}

export interface ProcessResult {
  /** Exit code, or why it could not be started at all (`EACCES`...). */
  code: number | string;
  output: string;
}

/** Runs a program to its end as the server's account; a failure is an outcome, not an exception. */
export function run(file: string, args: string[], cwd: string, account?: Account): Promise<ProcessResult> {
  const identity = account && { uid: account.uid, gid: account.gid };
  return new Promise((resolve) => {
    try {
      execFile(
        file,
        args,
        { cwd, env: CHILD_ENV, windowsHide: true, ...identity },
        (error, stdout, stderr) => {
          resolve({ code: error ? (error.code ?? error.signal ?? 1) : 0, output: stdout + stderr });
        },
      );
    } catch (error) {
      resolve({ code: errorCode(error) ?? 1, output: '' });
    }
  });
}

/** Tried for real, because modes, ACLs, mounts and user namespaces all have a say: can it own and fill a folder in `dir`? */
export async function canWorkIn(dir: string, account: Account): Promise<boolean> {
  const probe = mkdtempSync(join(dir, '.probe-'));
  try {
    giveTo(account, probe);
    const { code } = await run('/bin/sh', ['-c', 'cd -- "$0" && : > file', probe], dir, account);
    return code === 0;
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) return false;
    throw error;
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}
