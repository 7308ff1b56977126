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

/**
 * Asks the server once.
 * @returns undefined if it answers, else why it does not yet, which may change
 * @throws UnusableDatabaseError
 */
async function findReasonToWait(url: string, variable: string): Promise<Error | undefined> {
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
    const [version] = rows;
    if (Number(version?.number) < OLDEST_VERSION) {
      throw new UnusableDatabaseError(
        `${variable}: PostgreSQL ${version?.text ?? '?'} is too old. Use PostgreSQL 15 or later.`,
      );
    }
    return undefined;
  } catch (error) {
    if (error instanceof UnusableDatabaseError) throw error;
    const reason = REASONS[(error as { code?: string }).code ?? ''];
    if (reason) throw new UnusableDatabaseError(`${variable}: ${reason}.`, { cause: error });
    // What the network says may pass, as may a server that is starting, stopping or full.
    if (!(error instanceof pg.DatabaseError) || /^(08|53|57P)/.test(error.code ?? '')) return error as Error;
    throw new UnusableDatabaseError(`${variable}: ${error.message}`, { cause: error });
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Waits until the database answers, with `onWait` called once at the beginning of the wait. */
export async function waitForDatabase(
  url: string,
  variable: string,
  options: { signal: AbortSignal; onWait: (reason: Error) => Promise<void> },
): Promise<void> {
  const reason = await findReasonToWait(url, variable);
  if (!reason) return;
  await options.onWait(reason);
  do {
    await sleep(500, undefined, { signal: options.signal });
  } while (await findReasonToWait(url, variable));
}
