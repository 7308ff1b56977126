import { withClient } from './connection.js';
import { USER } from './cluster.js';
import { errorCode } from './embedded-postgres.error.js';

export const DATABASE = 'stockroom';
const INVALID_CATALOG_NAME = '3D000';

export const databaseUrl = (port: number, password: string): string =>
  `postgresql://${USER}:${password}@127.0.0.1:${port}/${DATABASE}`;

/** Also the last proof that the server answers. A start killed half-way may have left a server without the database. */
export async function ensureDatabase(port: number, password: string): Promise<void> {
  try {
    await withClient({ port, password, database: DATABASE }, (client) => client.query('select 1'));
  } catch (error) {
    if (errorCode(error) !== INVALID_CATALOG_NAME) throw error;
    await withClient({ port, password, database: 'postgres' }, (client) =>
      client.query(`create database ${DATABASE}`),
    );
  }
}
