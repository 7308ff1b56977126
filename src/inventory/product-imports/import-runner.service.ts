import { Injectable } from '@nestjs/common';
import { sqlStateOf } from '../../platform/database/sql-state.js';
import { Transactions } from '../../platform/database/transactions.js';
import { EventLog } from '../../platform/events/event-log.js';
import { ProductsService } from '../products/products.service.js';
import type { ProductImport } from './product-import.entity.js';
import { ProductImportsRepository } from './product-imports.repository.js';
import { StagedRowsRepository } from './staged-rows.repository.js';
import type { Batch, BatchSize } from './staged-rows.repository.js';
import { RUN_IMPORT } from './uploads.service.js';
import type { JobContext } from '../../platform/jobs/job-registry.js';
import { OnJob } from '../../platform/jobs/job.decorators.js';

/** Batches at the same time: their skus are disjoint, and one connection alone is slower than the rest of the work. */
const LANES = 2;
const LARGEST_BATCH: BatchSize = { rows: 4096, bytes: 2_000_000 };
const SMALLEST_BATCH = 50;

/** The import was cancelled, or another worker has ended it; what was not committed by then is rolled back. */
class ImportEnded extends Error {}

/**
 * Carries staged rows out, in batches that each commit together with their counts. A row is staged for as long as it
 * has not been carried out, so whoever goes on after an interruption finds exactly what is left.
 */
@Injectable()
export class ImportRunner {
  constructor(
    private readonly imports: ProductImportsRepository,
    private readonly rows: StagedRowsRepository,
    private readonly products: ProductsService,
    private readonly events: EventLog,
    private readonly transactions: Transactions,
  ) {}

  /** @throws Error if it is to be gone on with later: it was interrupted, or the database failed */
  @OnJob(RUN_IMPORT)
  runJob({ import_id: id }: { import_id: string }, { signal }: JobContext): Promise<void> {
    return this.run(id, signal);
  }

  async run(id: string, signal: AbortSignal): Promise<void> {
    const started = await this.transactions.statement((tx) => this.imports.start(tx, id));
    try {
      if (started) await this.untilDone(started, signal);
    } catch (error) {
      if (!(error instanceof ImportEnded)) throw error;
    }
    // Of one that was cancelled, there may be some left.
    while (await this.rows.removeSome(id, 'staged')) signal.throwIfAborted();
  }

  /** Once is enough, unless others change the same products meanwhile. */
  private async untilDone(started: ProductImport, signal: AbortSignal): Promise<void> {
    let size = LARGEST_BATCH;
    while (!(await this.succeed(started.id))) {
      try {
        await this.pass(started, size, signal);
      } catch (error) {
        if (!tookTooLong(error) || size.rows <= SMALLEST_BATCH) throw error;
        size = { rows: Math.ceil(size.rows / 2), bytes: Math.ceil(size.bytes / 2) };
      }
    }
  }

  private async pass(started: ProductImport, size: BatchSize, signal: AbortSignal): Promise<void> {
    const batches = this.batches(started.id, size, signal);
    let taken = 0;
    const lane = async () => {
      // Each lane takes the next batch that no other has taken.
      for await (const batch of batches) {
        taken += 1;
        await this.applyBatch(started, batch);
      }
    };
    const ends = await Promise.allSettled(Array.from({ length: LANES }, lane));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    // Somebody else was faster.
    if (taken === 0) throw new ImportEnded();
  }

  private async *batches(id: string, size: BatchSize, signal: AbortSignal): AsyncGenerator<Batch> {
    for (let after = ''; ;) {
      signal.throwIfAborted();
      const from = after;
      const next = await this.transactions.run((tx) => this.rows.next(tx, id, from, size));
      if (!next) return;
      if ('upTo' in next) {
        yield next;
        after = next.upTo;
      } else {
        // Before anything later of the same sku may be carried out: from then on, nobody could tell that it was later.
        await this.transactions.run(async (tx) => {
          const unchanged = await this.rows.removeSuperseded(tx, id, next);
          await this.count(tx, id, { created: 0, updated: 0, unchanged, failed: 0 });
        });
      }
    }
  }

  private applyBatch({ id, dryRun }: ProductImport, batch: Batch): Promise<void> {
    return this.transactions.run(async (tx) => {
      await this.count(tx, id, await this.rows.applyBatch(tx, id, batch, dryRun));
      if (!dryRun) this.products.announceBulkChange(tx);
    });
  }

  /** Last in its transaction, as it makes the other lanes wait. */
  private async count(...progress: Parameters<ProductImportsRepository['progress']>): Promise<void> {
    if (!(await this.imports.progress(...progress))) throw new ImportEnded();
  }

  /** Returns whether there is nothing left to do. */
  private succeed(id: string): Promise<boolean> {
    return this.transactions.run(async (tx) => {
      const succeeded = await this.imports.succeed(tx, id);
      if (succeeded)
        await this.events.append(tx, {
          type: 'import.succeeded',
          resourceId: id,
          details: outcomeOf(succeeded),
        });
      return succeeded !== null;
    });
  }
}

function outcomeOf({ dryRun, createdRows, updatedRows, unchangedRows, failedRows }: ProductImport) {
  return {
    dry_run: dryRun,
    created_rows: createdRows,
    updated_rows: updatedRows,
    unchanged_rows: unchangedRows,
    failed_rows: failedRows,
  };
}

/** The statement timeout, or the lock timeout of who waits for somebody else's batch. */
const TIMEOUTS: readonly unknown[] = ['57014', '55P03'];

const tookTooLong = (error: unknown): boolean => TIMEOUTS.includes(sqlStateOf(error));
