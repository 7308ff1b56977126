import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { CHECK_BATCH, APPLY_BATCH, NEXT_BATCH } from './batch.sql.js';
import type { RowError } from './file-row.js';
import type { RowCounts } from './product-imports.repository.js';
import { STAGED_COLUMNS } from './staged-row.js';

const COPY = `COPY product_import_rows (${STAGED_COLUMNS.join(', ')}) FROM STDIN`;

/** An upload may take as long as it goes on; this is the end of one that trickles. */
const MAX_UPLOAD = '1h';

/**
 * For the rest of the transaction. The statistics of a table that fills and empties are never right: by them, all of the
 * rows would be read. It holds for the triggers of the products, too, and hence forbids no more than it must.
 */
const BY_INDEX = `SELECT set_config('enable_seqscan', 'off', true), set_config('random_page_cost', '1', true)`;
/** Nor read and sorted, where a few in their order will do. */
const IN_ORDER = `SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)`;

/** All rows of the skus after one and up to another. */
export interface Batch {
  readonly after: string;
  readonly upTo: string;
}

/** Rows of one sku, up to a line, that have a later one: there are too many of them for one batch. */
export interface Superseded {
  readonly sku: string;
  readonly upToLine: number;
}

export interface BatchSize {
  readonly rows: number;
  readonly bytes: number;
}

export interface FailedRow {
  readonly line: number;
  readonly errors: RowError[];
}

/** The rows of files on their way into the catalogue. */
@Injectable()
export class StagedRowsRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Stages blocks of lines of COPY; nothing holds more than a few of them at once. */
  async copy(tx: EntityManager, blocks: AsyncIterable<Buffer>): Promise<void> {
    await tx.query(`SELECT set_config('statement_timeout', $1, true)`, [MAX_UPLOAD]);
    const client = (await tx.queryRunner?.connect()) as PoolClient;
    await pipeline(Readable.from(blocks, { highWaterMark: 2 }), client.query(copyFrom(COPY)));
    await tx.query(
      `SELECT set_config('statement_timeout', reset_val, true) FROM pg_settings WHERE name = 'statement_timeout'`,
    );
  }

  /** What comes after a sku: a batch, or rows that count for nothing; null at the end. */
  async next(
    tx: EntityManager,
    importId: string,
    after: string,
    size: BatchSize,
  ): Promise<Batch | Superseded | null> {
    await tx.query(IN_ORDER);
    const rows = await tx.query<{ upTo: string | null; sku: string | null; line: number }[]>(NEXT_BATCH, [
      importId,
      after,
      size.rows,
      size.bytes,
    ]);
    const { upTo = null, sku = null, line = 0 } = rows[0] ?? {};
    if (upTo !== null) return { after, upTo };
    return sku === null ? null : { sku, upToLine: line };
  }

  /** Upserts a batch, or only looks what that would do. Rows whose product somebody else changes meanwhile stay staged. */
  async applyBatch(
    tx: EntityManager,
    importId: string,
    { after, upTo }: Batch,
    dryRun: boolean,
  ): Promise<RowCounts> {
    await tx.query(BY_INDEX);
    const sql = dryRun ? CHECK_BATCH : APPLY_BATCH;
    const [counts] = await tx.query<RowCounts[]>(sql, [importId, after, upTo]);
    return counts as RowCounts;
  }

  /** Returns how many there were. */
  async removeSuperseded(tx: EntityManager, importId: string, rows: Superseded): Promise<number> {
    const [, removed] = await tx.query<[unknown[], number]>(
      'DELETE FROM product_import_rows WHERE import_id = $1 AND sku = $2 AND line <= $3',
      [importId, rows.sku, rows.upToLine],
    );
    return removed;
  }

  /** Those with their errors after a line of the file, in its order. */
  findFailed(importId: string, afterLine: number, limit: number): Promise<FailedRow[]> {
    return this.dataSource.query(
      `SELECT line, errors FROM product_import_rows WHERE import_id = $1 AND sku = '' AND line > $2
       ORDER BY line LIMIT $3`,
      [importId, afterLine, limit],
    );
  }

  /** Some of those that are staged, or also of those that failed. Returns whether there were any. */
  async removeSome(importId: string, which: 'staged' | 'all'): Promise<boolean> {
    const [, removed] = await this.dataSource.query<[unknown[], number]>(
      `DELETE FROM product_import_rows WHERE (import_id, sku, line) IN (
         SELECT import_id, sku, line FROM product_import_rows
         WHERE import_id = $1 AND ${which === 'staged' ? `sku > ''` : 'true'} LIMIT 10000)`,
      [importId],
    );
    return removed > 0;
  }
}
