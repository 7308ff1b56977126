import pg from 'pg';
import { USER } from './cluster.js';

export interface Target {
  port: number;
  password: string;
  database: string;
}

export async function withClient<T>(target: Target, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ host: '127.0.0.1', user: USER, connectionTimeoutMillis: 5000, ...target });
  client.on('error', () => undefined); // a server that goes away meanwhile fails the query, not the process
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
