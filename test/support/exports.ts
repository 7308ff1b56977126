import { once } from 'node:events';
import { get } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { DataSource } from 'typeorm';
import type { TestApp } from './test-app.js';
import { until } from './until.js';

export const CSV = 'text/csv';
export const NDJSON = 'application/x-ndjson';

/** An answer that is read when its client likes. */
export interface OpenExport {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Everything that is still to come, as it comes over the line. */
  rest(): Promise<Buffer>;
  /** As a client does that loses interest, or its network. */
  leave(): void;
}

/** Asks for an export over a connection of its own, and reads nothing of it yet. */
export async function openExport(
  url: string,
  token: string,
  headers: Record<string, string>,
  path = '/v1/products',
): Promise<OpenExport> {
  const request = get(url + path, {
    headers: { authorization: `Bearer ${token}`, ...headers },
    agent: false,
  });
  // Whatever ends the connection later is told by the response.
  request.on('error', () => undefined);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    rest: () => buffer(response),
    leave: () => request.destroy(),
  };
}

/**
 * Products of 5 KB that gzip cannot make much smaller: a few batches of them fill every buffer between the service and a
 * client. No search finds them, which would cost more than all else.
 */
export async function addLargeProducts({ dataSource }: TestApp, count: number): Promise<void> {
  await dataSource.query('ALTER TABLE products DISABLE TRIGGER USER');
  await dataSource.query(
    `WITH noise AS MATERIALIZED (
       SELECT i / 57 AS place, string_agg(translate(encode(sha512(i::text::bytea), 'base64'), E'+/=\\n', ''), '') AS text
       FROM generate_series(0, 57 * 60 - 1) AS i GROUP BY place
     )
     INSERT INTO products (id, sku, name, description, price, version, search, name_words)
     SELECT gen_random_uuid(), 'LARGE-' || i, 'Large ' || i, noise.text, 1, 1, '', ''
     FROM generate_series(1, $1::int) AS i JOIN noise ON place = i % 60`,
    [count],
  );
  await dataSource.query('ALTER TABLE products ENABLE TRIGGER USER');
}

interface Activity {
  pid: number;
  state: string;
  /** Whether nothing has happened for a while. */
  resting: boolean;
}

/** The transactions of exports in this database. */
export function transactions(dataSource: DataSource): Promise<Activity[]> {
  return dataSource.query<Activity[]>(
    `SELECT pid, state, now() - state_change > interval '300 ms' AS resting FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'stockroom' AND backend_xmin IS NOT NULL
       AND pid <> pg_backend_pid()`,
  );
}

/** Waits until the database has been asked for nothing more for a while, although the export is not over. */
export async function untilResting(dataSource: DataSource, exports = 1): Promise<Activity[]> {
  return until(async () => {
    const found = await transactions(dataSource);
    return found.length === exports && found.every(({ resting }) => resting) && found;
  });
}

/** Waits until no export holds a transaction any more. */
export async function untilGone(dataSource: DataSource): Promise<void> {
  await until(async () => (await transactions(dataSource)).length === 0);
}
