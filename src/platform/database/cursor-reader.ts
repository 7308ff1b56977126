import { Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';
import { DataSource } from 'typeorm';
import { poolOf } from './sql.js';

export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  /** Few rows are expected to match, whatever the planner thinks of the conditions. */
  readonly isSelective?: boolean;
}

/** Runs a query of the snapshot. */
export type RunQuery = <Row extends object>(sql: string, parameters: readonly unknown[]) => Promise<Row[]>;

/** Some milliseconds of work, and, with the next ones on their way, what a reader costs in memory. */
const BATCH = 250;

/** A batch may take its reader longer than a transaction may usually be idle; whoever reads has to give up in time. */
const BEGIN = `
  BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
  SET LOCAL idle_in_transaction_session_timeout = '1h'`;

/**
 * How much of a result the planner plans for, though all of it is read: with less it rather walks through the index of the
 * order, so that nobody waits for the sort of a large table. Where matches are rare, such a walk finds none for long.
 */
const PLANNED_SHARE = { usually: 0.05, ifSelective: 0.2 };

/** Reads results of any size as they are at one moment, in constant memory. */
@Injectable()
export class CursorReader {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * The rows of a statement in batches, of which one is read ahead. A connection is held from the first batch on, until
   * the reader has taken the last one or returns.
   * @param prepare makes the statement, and may query the same snapshot for that
   */
  async *read<Row extends object>(prepare: (run: RunQuery) => Promise<Statement>): AsyncGenerator<Row[]> {
    const client = await poolOf(this.dataSource).connect();
    // A connection that breaks between two queries fails the next one.
    client.on('error', ignore);
    try {
      await client.query(BEGIN);
      const { sql, parameters, isSelective } = await prepare((text, values) => rowsOf(client, text, values));
      const share = isSelective ? PLANNED_SHARE.ifSelective : PLANNED_SHARE.usually;
      await client.query(`SET LOCAL cursor_tuple_fraction = ${share}`);
      await client.query(`DECLARE whole NO SCROLL CURSOR FOR ${sql}`, [...parameters]);
      yield* readAhead<Row>(() => rowsOf(client, `FETCH ${BATCH} FROM whole`));
    } finally {
      await release(client);
      client.off('error', ignore);
    }
  }
}

async function rowsOf<Row extends object>(
  client: PoolClient,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<Row[]> {
  const { rows } = await client.query<Row>(sql, [...parameters]);
  return rows;
}

/** Asks for the next batch while the reader is busy with the last one. */
async function* readAhead<Row>(fetch: () => Promise<Row[]>): AsyncGenerator<Row[]> {
  let next = fetch();
  try {
    for (let rows = await next; rows.length > 0; rows = await next) {
      next = rows.length < BATCH ? Promise.resolve([]) : fetch();
      // The reader may be gone before it hears of a failure.
      next.catch(ignore);
      yield rows;
    }
  } finally {
    await next.catch(ignore);
  }
}

/** Back to the pool; a connection that cannot even roll back is of no use to it. */
async function release(client: PoolClient): Promise<void> {
  try {
    await client.query('ROLLBACK');
    client.release();
  } catch (error) {
    client.release(error as Error);
  }
}

function ignore(): void {
  // Told elsewhere.
}
