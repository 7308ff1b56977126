import pg from 'pg';
import type { Config } from '../../../config/index.js';

/** For the queries of the queue itself, which are short; what a job asks of the database goes through the service's pool. */
export function connectionOptions({ database }: Config): pg.ClientConfig {
  return {
    connectionString: database.url,
    application_name: 'stockroom-jobs',
    connectionTimeoutMillis: 3000,
    statement_timeout: database.statementTimeoutMs,
    lock_timeout: Math.ceil(database.statementTimeoutMs / 2),
    idle_in_transaction_session_timeout: database.statementTimeoutMs * 2,
    // The server gives up a connection, and with it the lease of a worker, 30 s after the machine behind it is gone.
    options:
      '-c timezone=UTC -c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3',
    keepAlive: true,
  };
}

export function openPool(options: pg.ClientConfig, max: number): pg.Pool {
  const pool = new pg.Pool({ ...options, max });
  // A connection that breaks fails the query that it is used for; without these it would end the process, too.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}
