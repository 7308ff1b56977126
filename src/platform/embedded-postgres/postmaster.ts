import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { withClient } from './connection.js';
import { EmbeddedPostgresError, errorCode } from './embedded-postgres.error.js';
import { isAlive, mayBePostmaster, sleep, waitUntilGone } from './processes.js';

const ANSWER_WITHIN = 30_000;
const FAST_STOP_WITHIN = 10_000;

export interface Running {
  /** Of the postmaster, the parent of all of a server's processes. */
  pid: number;
  port: number;
}

/** What a running server says of itself; a killed one leaves it behind. */
export function readPidFile(data: string): (Running & { ready: boolean }) | undefined {
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
    const pid = Number(lines[0]);
    return pid > 0 ? { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' } : undefined;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * A launcher killed with -9 leaves its server behind, which this finds. `undefined`: none runs, so that one may be started. The
 * number in postmaster.pid proves nothing, it may have passed to another process: the server must answer to our password,
 * and for this very folder.
 */
export async function findRunningServer(data: string, password: string): Promise<Running | undefined> {
  const deadline = Date.now() + ANSWER_WITHIN;
  for (;;) {
    const found = readPidFile(data);
    if (!found || !isAlive(found.pid) || !mayBePostmaster(found.pid)) return undefined;
    if (found.ready && (await answers(found, data, password))) return { pid: found.pid, port: found.port };
    if (Date.now() > deadline) {
      throw new EmbeddedPostgresError(
        `A PostgreSQL (pid ${found.pid}) runs on ${data} but does not answer. End it (kill -QUIT ${found.pid}), then start again. ` +
          `If that process is no PostgreSQL, delete ${join(data, 'postmaster.pid')}.`,
      );
    }
    await sleep(20);
  }
}

async function answers(found: Running, data: string, password: string): Promise<boolean> {
  let served: string;
  try {
    served = await withClient({ port: found.port, password, database: 'postgres' }, async (client) => {
      const { rows } = await client.query<{ data: string }>(
        `select current_setting('data_directory') as data`,
      );
      return rows[0]?.data ?? '';
    });
  } catch (error) {
    if (!errorCode(error)?.startsWith('28')) return false; // not yet, or no longer
    served = 'another data directory (it refuses our password)';
  }
  if (existsSync(served) && realpathSync(served) === realpathSync(data)) return true;
  throw new EmbeddedPostgresError(
    `${join(data, 'postmaster.pid')} names a running PostgreSQL (pid ${found.pid}) that serves ${served}. If this folder is a copy, ` +
      `delete that file. If the folder was moved, stop that server first (kill -INT ${found.pid}).`,
  );
}

/** Fast shutdown, and the hard way when that hangs. Returns when the process is really gone. */
export async function stopServer(data: string, pid: number): Promise<void> {
  if (readPidFile(data)?.pid !== pid) return; // already gone; the number may be somebody else's by now
  if (signal(pid, 'SIGINT') && !(await waitUntilGone(pid, FAST_STOP_WITHIN))) {
    signal(pid, 'SIGQUIT');
    if (!(await waitUntilGone(pid, FAST_STOP_WITHIN))) {
      throw new EmbeddedPostgresError(
        `PostgreSQL (pid ${pid}) does not stop. End it yourself: kill -9 ${pid}`,
      );
    }
  }
}

function signal(pid: number, name: 'SIGINT' | 'SIGQUIT'): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return false;
    throw error;
  }
}
