import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, renameSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Account, CHILD_ENV } from './account.js';
import { EmbeddedPostgresError, errorCode, lastLines } from './embedded-postgres.error.js';
import { readPidFile, type Running, stopServer } from './postmaster.js';
import { sleep } from './processes.js';

const READY_WITHIN = 60_000; // crash recovery included
const ORPHANS_WITHIN = 10_000;

export interface Launch {
  /** The executable `postgres`. */
  postgres: string;
  place: string;
  data: string;
  durable: boolean;
  account: Account | undefined;
  log: (line: string) => void;
}

/** Starts a server on `data`, and again where the cause passes: a port snatched meanwhile, orphans of a killed server. */
export async function launchServer(launch: Launch): Promise<Running> {
  const logFile = join(launch.place, 'server.log');
  if (existsSync(logFile)) renameSync(logFile, `${logFile}.previous`);
  let wanted = lastPort(launch.data);
  let orphansUntil: number | undefined;

  for (let attempt = 1; ; attempt++) {
    const started = await tryLaunch(launch, await freePort(wanted), logFile);
    if (typeof started !== 'string') return started;

    if (started.includes('could not bind') && attempt < 5) {
      wanted = 0;
      continue;
    }
    if (!/shared memory block .* still in use/.test(started)) {
      throw new EmbeddedPostgresError(
        `PostgreSQL did not start on ${launch.data}. Cure what its last lines say (all of them: ${logFile}), or set DATABASE_URL:\n` +
          lastLines(started),
      );
    }
    orphansUntil ??= Date.now() + ORPHANS_WITHIN;
    if (Date.now() > orphansUntil) {
      throw new EmbeddedPostgresError(
        `The PostgreSQL of ${launch.data} was killed, but one of its processes lives on and still uses the data. ` +
          `End it (pkill -f '${clusterName(launch.data)}'), then start again, or set DATABASE_URL.`,
      );
    }
    await sleep(100);
  }
}

/** Shown in the titles of all the server's processes, so that `ps` tells one Stockroom's from another's. */
const clusterName = (data: string): string =>
  `stockroom-${createHash('sha256').update(data).digest('hex').slice(0, 8)}`;

function settings({ data, durable }: Launch, port: number): Record<string, string | number> {
  return {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '', // its path has at most 107 bytes: too short for some clones
    cluster_name: clusterName(data),
    shared_buffers: '128MB',
    max_connections: 100,
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    // Of tests, many of which run services of their own at the same time.
    ...(durable
      ? {}
      : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: 500 }),
  };
}

/** A string is the log of a start that failed. */
async function tryLaunch(launch: Launch, port: number, logFile: string): Promise<Running | string> {
  const { postgres, place, data, account, log } = launch;
  const args = Object.entries(settings(launch, port)).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // PostgreSQL refuses while the number in a dead server's postmaster.pid is in use, be it by a stranger or a zombie. This
  // variable of pg_ctl's names a pid that is no rival: the caller has looked. It still refuses while orphans use the data.
  const stale = readPidFile(data)?.pid;
  const env = stale === undefined ? CHILD_ENV : { ...CHILD_ENV, PG_GRANDPARENT_PID: String(stale) };
  const output = openSync(logFile, 'w', 0o600);
  let ready = false;
  let ended: string | undefined;
  const child = spawn(postgres, ['-D', data, ...args], {
    cwd: place,
    env,
    stdio: ['ignore', output, output],
    detached: true, // its own session: Ctrl-C in the terminal reaches only us, who then stop it in order
    windowsHide: true,
    ...(account && { uid: account.uid, gid: account.gid }),
  });
  closeSync(output);
  child.unref();
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code, signal) => {
    ended = String(signal ?? code);
    if (!ready || readPidFile(data)?.pid !== child.pid) return;
    log(`PostgreSQL ended unexpectedly (${ended}): see ${logFile}; start again to recover`);
  });

  const deadline = Date.now() + READY_WITHIN;
  while (Date.now() < deadline) {
    if (ended !== undefined) return readFileSync(logFile, 'utf8') || ended;
    const found = readPidFile(data);
    ready = found?.ready === true && found.pid === child.pid;
    if (found && ready) return { pid: found.pid, port: found.port };
    await sleep(5);
  }
  if (child.pid !== undefined) await stopServer(data, child.pid);
  return `${readFileSync(logFile, 'utf8')}\n(not ready within ${READY_WITHIN / 1000} s)`;
}

/** The port of the last start, from the command line that PostgreSQL notes: bookmarks in a database tool stay good. */
function lastPort(data: string): number {
  const options = join(data, 'postmaster.opts');
  return Number(existsSync(options) ? (/port=(\d+)/.exec(readFileSync(options, 'utf8'))?.[1] ?? 0) : 0);
}

function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) => {
      if (wanted !== 0 && errorCode(error) === 'EADDRINUSE') resolve(freePort(0));
      else reject(error);
    });
    probe.listen(wanted, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        resolve(typeof address === 'object' && address ? address.port : wanted);
      });
    });
  });
}
