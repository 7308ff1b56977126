import { Injectable } from '@nestjs/common';
import type { Page, PageQuery } from '../../http/pages/page.js';
import { Problem } from '../../http/problems/problem.js';
import { Transactions } from '../../platform/database/transactions.js';
import { notFound } from '../../platform/database/resource-table.js';
import type { Precondition } from '../../http/responses/precondition.js';
import { EventLog } from '../../platform/events/event-log.js';
import { errorFile } from './error-file.js';
import type { RowError } from './file-row.js';
import type { ImportSource } from './import-file.js';
import type { ProductImport } from './product-import.entity.js';
import { ProductImportsRepository } from './product-imports.repository.js';
import { StagedRowsRepository } from './staged-rows.repository.js';
import type { FailedRow } from './staged-rows.repository.js';
import { UploadsService } from './uploads.service.js';

export type ImportError = RowError & { readonly line: number };

export type ImportWithErrors = ProductImport & { readonly errors: readonly ImportError[] };

/** How many row errors an import shows by itself; all of them are in its error file. */
const SHOWN_ERRORS = 1000;

/** The imports of the catalogue: they belong to it, not to whoever began them. */
@Injectable()
export class ProductImportsService {
  constructor(
    private readonly imports: ProductImportsRepository,
    private readonly rows: StagedRowsRepository,
    private readonly uploads: UploadsService,
    private readonly events: EventLog,
    private readonly transactions: Transactions,
  ) {}

  listImports(query: PageQuery): Promise<Page<ProductImport>> {
    return this.imports.page(query);
  }

  async getImport(id: string): Promise<ImportWithErrors> {
    return this.withErrors((await this.imports.findById(id)) ?? notFound());
  }

  /** For nobody (null) where the service itself imports. All of the file is there when this returns, and it is carried out soon. */
  async createImport(
    createdBy: string | null,
    source: ImportSource,
    dryRun: boolean,
  ): Promise<ImportWithErrors> {
    return { ...(await this.uploads.takeIn(createdBy, source, dryRun)), errors: [] };
  }

  /** Nothing more of it is carried out from now on. @throws Problem `invalid_transition`, `precondition_failed` */
  async cancelImport(id: string, versions: Precondition): Promise<ImportWithErrors> {
    const cancelled = await this.transactions.run(async (tx) => {
      const found = (await this.imports.cancel(tx, id, versions)) ?? (await this.explainUnchanged(id));
      await this.events.append(tx, { type: 'import.cancelled', resourceId: id });
      return found;
    });
    return this.withErrors(cancelled);
  }

  /** Every row error, as CSV. */
  async errorFile(id: string): Promise<AsyncIterable<string>> {
    if (!(await this.imports.findById(id))) notFound();
    return errorFile((afterLine) => this.rows.findFailed(id, afterLine, SHOWN_ERRORS));
  }

  private async withErrors(found: ProductImport): Promise<ImportWithErrors> {
    const failed = found.failedRows > 0 ? await this.rows.findFailed(found.id, 0, SHOWN_ERRORS) : [];
    return { ...found, errors: failed.flatMap(toErrors).slice(0, SHOWN_ERRORS) };
  }

  private async explainUnchanged(id: string): Promise<never> {
    const { finishedAt } = (await this.imports.findById(id)) ?? notFound();
    throw new Problem(finishedAt ? 'invalid_transition' : 'precondition_failed');
  }
}

function toErrors({ line, errors }: FailedRow): ImportError[] {
  return errors.map(({ field, code, message }) => ({ line, field, code, message }));
}
