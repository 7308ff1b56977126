import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** PostgreSQL 15. */
const OLDEST_VERSION = 150_000;

/** A database that will not become usable by waiting; the message names the cause and the way out. */
export class UnusableDatabaseError extends Error {}

const REASONS: Readonly<Record<string, string>> = {
  '28P01': 'the server refuses the password. Correct the user or the password in it',
  '28000': 'the server refuses this user. Correct the user in it, or allow it in pg_hba.conf',
  '3D000': 'the server has no such database. Create it, or correct the name in it',
};

/** What the network says may pass, as may a server that is starting, stopping or full. */
const MAY_PASS = /^(ECONN.*|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOST.*|ENET.*|EPIPE|ENOENT|08...|53...|57P..)$/;
/** What pg says without a code when a connection breaks, or is not made in time. */
const BROKEN = /^(connection terminated|timeout expired)/i;

/**
 * Asks the server once.
 * @returns undefined if it answers, else why it does not yet, which may change
 * @throws UnusableDatabaseError
 */
async function findReasonToWait(url: string, variable: string): Promise<string | undefined> {
  try {
    const version = await askVersion(url);
    if (version.number >= OLDEST_VERSION) return undefined;
    throw new UnusableDatabaseError(
      `${variable}: PostgreSQL ${version.text} is too old. Use PostgreSQL 15 or later.`,
    );
  } catch (error) {
    if (!(error instanceof Error) || error instanceof UnusableDatabaseError) throw error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (MAY_PASS.test(code) || BROKEN.test(message)) return message || code;
    const reason = REASONS[code] ?? `it cannot be used (${message || code}). Correct it, or the server`;
    throw new UnusableDatabaseError(`${variable}: ${reason}.`, { cause: error });
  }
}

async function askVersion(url: string): Promise<{ number: number; text: string }> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 3000,
    application_name: 'stockroom',
  });
  // A connection that breaks while it is unused says so by an event; the next query reports it too.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ number: string; text: string }>(
      `SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS text`,
    );
    return { number: Number(rows[0]?.number), text: rows[0]?.text ?? '?' };
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Waits until the database answers, with `onWait` called once at the beginning of the wait. */
export async function waitForDatabase(
  url: string,
  variable: string,
  options: { signal?: AbortSignal; onWait: (reason: string) => void | Promise<void> },
): Promise<void> {
  const reason = await findReasonToWait(url, variable);
  if (reason === undefined) return;
  await options.onWait(reason);
  do {
    await sleep(500, undefined, options);
  } while ((await findReasonToWait(url, variable)) !== undefined);
}
