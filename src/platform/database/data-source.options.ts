import pg from 'pg';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import type { Config } from '../../../config/index.js';
import { migrations } from '../../../migrations/index.js';

/**
 * Settings of every session. Statements of milliseconds are not worth compiling, whatever their worst case is thought to
 * cost; and words in which two letters changed places are alike, too.
 */
const SESSION = ['timezone=UTC', 'jit=off', 'pg_trgm.similarity_threshold=0.2'];

/** How the service and the migration command reach PostgreSQL: bounded in connections, in time and in locks. */
export function dataSourceOptions(config: Config, url: string): PostgresDataSourceOptions {
  return {
    type: 'postgres',
    url,
    applicationName: 'stockroom',
    migrations: [...migrations],
    migrationsTableName: 'migrations',
    synchronize: false,
    installExtensions: false,
    poolSize: config.database.poolSize,
    // Who waits for a connection waits for the statements of others, too.
    connectTimeoutMS: Math.max(3000, config.database.statementTimeoutMs / 2),
    extra: {
      statement_timeout: config.database.statementTimeoutMs,
      lock_timeout: Math.ceil(config.database.statementTimeoutMs / 2),
      idle_in_transaction_session_timeout: config.database.statementTimeoutMs * 2,
      options: SESSION.map((setting) => `-c ${setting}`).join(' '),
      keepAlive: true,
      types: fastTimes(),
    },
  };
}

/** Every session is in UTC, so a time arrives as `2026-03-01 09:30:00.5+00`: two cuts from what JavaScript reads fastest. */
function fastTimes(): pg.TypeOverrides {
  const types = new pg.TypeOverrides();
  types.setTypeParser(
    pg.types.builtins.TIMESTAMPTZ,
    (text) => new Date(`${text.slice(0, 10)}T${text.slice(11, -3)}Z`),
  );
  return types;
}
