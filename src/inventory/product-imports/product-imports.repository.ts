import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { sortsOf } from '../../platform/database/entity-columns.js';
import { Keyset } from '../../platform/database/keyset.js';
import type { Page, PageQuery } from '../../http/pages/page.js';
import type { Precondition } from '../../http/responses/precondition.js';
import { ProductImport } from './product-import.entity.js';

/** How many rows of a file were dealt with, and how. */
export interface RowCounts {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly failed: number;
}

const COLUMNS = `id, status, dry_run AS "dryRun", total_rows AS "totalRows", created_rows AS "createdRows",
  updated_rows AS "updatedRows", unchanged_rows AS "unchangedRows", failed_rows AS "failedRows",
  error_code AS "errorCode", error_message AS "errorMessage", created_by AS "createdBy", version,
  created_at AS "createdAt", uploaded_at AS "uploadedAt", started_at AS "startedAt", finished_at AS "finishedAt"`;

const SORTS = sortsOf(ProductImport);

/** The first half of the advisory lock that an upload holds for as long as it goes on; the second is a hash of its id. */
const UPLOADING = 1_954_311;

/** The records of the imports; their rows are in the StagedRowsRepository. */
@Injectable()
export class ProductImportsRepository {
  constructor(
    @InjectRepository(ProductImport) private readonly imports: Repository<ProductImport>,
    private readonly keyset: Keyset,
  ) {}

  async findById(id: string): Promise<ProductImport | null> {
    const [found] = await this.imports.query<ProductImport[]>(
      `SELECT ${COLUMNS} FROM product_imports WHERE id = $1`,
      [id],
    );
    return found ?? null;
  }

  page(query: PageQuery): Promise<Page<ProductImport>> {
    return this.keyset.page<ProductImport>((sql, parameters) => this.imports.query(sql, parameters), {
      list: 'product imports',
      select: `SELECT ${COLUMNS} FROM product_imports`,
      filters: { conditions: ['true'], parameters: [] },
      sorts: SORTS,
      query: { ...query, sort: '-created_at' },
    });
  }

  async insert(
    tx: EntityManager,
    started: Pick<ProductImport, 'id' | 'dryRun' | 'createdBy'>,
  ): Promise<void> {
    await tx.insert(ProductImport, { ...started, status: 'pending', createdAt: new Date() });
  }

  /** Until the end of the transaction, nobody takes the upload for lost. */
  async lockUpload(tx: EntityManager, id: string): Promise<void> {
    await tx.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [UPLOADING, id]);
  }

  /** Pending imports that began more than a minute ago, and that nobody is uploading. */
  async findLostUploads(tx: EntityManager): Promise<string[]> {
    const rows = await tx.query<{ id: string }[]>(
      `WITH pending AS MATERIALIZED (
         SELECT id FROM product_imports
         WHERE status = 'pending' AND uploaded_at IS NULL AND created_at < now() - interval '1 minute'
       )
       SELECT id FROM pending WHERE pg_try_advisory_xact_lock($1, hashtext(id::text))`,
      [UPLOADING],
    );
    return rows.map(({ id }) => id);
  }

  /** All of the file is there. Null if the import is not pending any more. */
  uploaded(
    tx: EntityManager,
    id: string,
    rows: { total: number; failed: number },
  ): Promise<ProductImport | null> {
    return this.change(
      tx,
      `uploaded_at = clock_timestamp(), has_rows = $2 > 0, total_rows = $2, failed_rows = $3`,
      `id = $1 AND status = 'pending' AND uploaded_at IS NULL`,
      [id, rows.total, rows.failed],
    );
  }

  /** Null if it has ended. */
  start(tx: EntityManager, id: string): Promise<ProductImport | null> {
    return this.change(
      tx,
      `status = 'running', started_at = coalesce(started_at, now())`,
      `id = $1 AND status IN ('pending', 'running')`,
      [id],
    );
  }

  /** Null if it does not run any more. */
  progress(tx: EntityManager, id: string, counts: RowCounts): Promise<ProductImport | null> {
    const { created, updated, unchanged, failed } = counts;
    return this.change(
      tx,
      `created_rows = created_rows + $2, updated_rows = updated_rows + $3, unchanged_rows = unchanged_rows + $4,
       failed_rows = failed_rows + $5`,
      `id = $1 AND status = 'running'`,
      [id, created, updated, unchanged, failed],
    );
  }

  /** Null unless it runs, and every row of it was dealt with. */
  succeed(tx: EntityManager, id: string): Promise<ProductImport | null> {
    return this.change(
      tx,
      `status = 'succeeded', finished_at = now(), has_rows = failed_rows > 0`,
      `id = $1 AND status = 'running' AND created_rows + updated_rows + unchanged_rows + failed_rows = total_rows`,
      [id],
    );
  }

  /** Null if its rows were staged, or it has ended. */
  fail(
    tx: EntityManager,
    id: string,
    error: { code: string; message: string },
  ): Promise<ProductImport | null> {
    return this.change(
      tx,
      `status = 'failed', finished_at = now(), error_code = $2, error_message = $3`,
      `id = $1 AND status = 'pending' AND uploaded_at IS NULL`,
      [id, error.code, error.message],
    );
  }

  /** Null if it has ended, or is not in an accepted version. */
  cancel(tx: EntityManager, id: string, versions: Precondition): Promise<ProductImport | null> {
    return this.change(
      tx,
      `status = 'cancelled', finished_at = now()`,
      `id = $1 AND status IN ('pending', 'running') AND ($2::int[] IS NULL OR version = ANY ($2))`,
      [id, versions === 'any' ? null : versions],
    );
  }

  /** One that ended so long ago that nobody needs its rows any more. */
  async findExpired(): Promise<string | null> {
    const [found] = await this.imports.query<{ id: string }[]>(
      `SELECT id FROM product_imports WHERE has_rows AND finished_at < now() - interval '30 days' LIMIT 1`,
    );
    return found?.id ?? null;
  }

  async forgetRows(tx: EntityManager, id: string): Promise<void> {
    await this.change(tx, 'has_rows = false', 'id = $1', [id]);
  }

  private async change(
    tx: EntityManager,
    changes: string,
    condition: string,
    parameters: unknown[],
  ): Promise<ProductImport | null> {
    const [rows] = await tx.query<[ProductImport[], number]>(
      `UPDATE product_imports SET ${changes}, version = version + 1 WHERE ${condition} RETURNING ${COLUMNS}`,
      parameters,
    );
    return rows[0] ?? null;
  }
}
