import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { UploadIncomplete } from '../../http/uploads/upload.js';
import { Problem } from '../../http/problems/problem.js';
import { toProblem } from '../../http/problems/to-problem.js';
import { Transactions } from '../../platform/database/transactions.js';
import { EventLog } from '../../platform/events/event-log.js';
import { JobQueue } from '../../platform/jobs/job-queue.js';
import { FileFault } from './file-fault.js';
import { openFile } from './import-file.js';
import type { ImportSource } from './import-file.js';
import type { FileRows } from './file-row.js';
import type { ProductImport } from './product-import.entity.js';
import { ProductImportsRepository } from './product-imports.repository.js';
import { Staging } from './staging.js';
import { StagedRowsRepository } from './staged-rows.repository.js';

export const RUN_IMPORT = 'product_imports.carry_out';

/** Each holds a connection of the pool for as long as its client takes. */
const MAX_UPLOADS = 2;

/** Takes files in: checks every row as it comes, and stages all of them or none. */
@Injectable()
export class UploadsService {
  private readonly logger = new Logger(UploadsService.name);
  private uploading = 0;

  constructor(
    private readonly imports: ProductImportsRepository,
    private readonly rows: StagedRowsRepository,
    private readonly events: EventLog,
    private readonly jobs: JobQueue,
    private readonly transactions: Transactions,
    private readonly dataSource: DataSource,
  ) {}

  /** @throws Problem for a file that cannot be imported, `overloaded` for one too many at once */
  async takeIn(createdBy: string | null, source: ImportSource, dryRun: boolean): Promise<ProductImport> {
    if (this.uploading >= MAX_UPLOADS) throw new Problem('overloaded', 'Too many files are being uploaded.');
    this.uploading += 1;
    try {
      const file = await openFile(source);
      const id = await this.begin(createdBy, dryRun);
      return await this.stage(id, file).catch((error: unknown) => this.giveUp(id, error));
    } catch (error) {
      throw error instanceof FileFault ? error.toProblem() : error;
    } finally {
      this.uploading -= 1;
    }
  }

  /** What became of uploads whose service died is known by their locks, which died with it. */
  failLost(): Promise<void> {
    return this.transactions.run(async (tx) => {
      for (const id of await this.imports.findLostUploads(tx))
        await this.fail(tx, id, {
          code: 'upload_incomplete',
          message: 'The service stopped during the upload.',
        });
    });
  }

  /** Commits by itself, whatever transaction the request has: of an upload that fails, this is to remain. */
  private begin(createdBy: string | null, dryRun: boolean): Promise<string> {
    return this.dataSource.transaction(async (tx) => {
      const id = uuidv7();
      await this.imports.insert(tx, { id, dryRun, createdBy });
      await this.events.append(tx, { type: 'import.created', resourceId: id, details: { dry_run: dryRun } });
      return id;
    });
  }

  /** The rows and the job exist together, or not at all. */
  private stage(id: string, file: FileRows): Promise<ProductImport> {
    const stage = async (tx: EntityManager) => {
      await this.imports.lockUpload(tx, id);
      const staging = new Staging(id, file);
      await this.rows.copy(tx, staging.blocks());
      const uploaded = await this.imports.uploaded(tx, id, staging.counts);
      if (!uploaded) throw new Problem('invalid_transition', 'The import was cancelled during the upload.');
      // One after the other: the later file wins as a whole, and mails need workers, too.
      await this.jobs.add(tx, RUN_IMPORT, { import_id: id }, { queue: 'product_imports', maxAttempts: 1000 });
      return uploaded;
    };
    // The file comes by only once.
    return this.transactions.run(stage, { isRepeatable: false });
  }

  private async giveUp(id: string, error: unknown): Promise<never> {
    // By a transaction of its own, as the request's is rolled back. If it fails, too, the import is found by `failLost`.
    await this.dataSource
      .transaction((tx) => this.fail(tx, id, describe(error)))
      .catch((err: unknown) =>
        this.logger.warn({ err, msg: 'An upload failed, which could not be written down' }),
      );
    throw error;
  }

  private async fail(tx: EntityManager, id: string, error: { code: string; message: string }): Promise<void> {
    const failed = await this.imports.fail(tx, id, error);
    if (!failed) return;
    await this.events.append(tx, { type: 'import.failed', resourceId: id, details: { code: error.code } });
  }
}

function describe(error: unknown): { code: string; message: string } {
  if (error instanceof FileFault) return { code: error.code, message: error.message };
  const { code, message } = toProblem(error);
  return { code: error instanceof UploadIncomplete ? 'upload_incomplete' : code, message };
}
