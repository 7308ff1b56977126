import { Injectable } from '@nestjs/common';
import { Transactions } from '../../platform/database/transactions.js';
import { ProductImportsRepository } from './product-imports.repository.js';
import { StagedRowsRepository } from './staged-rows.repository.js';
import { UploadsService } from './uploads.service.js';
import type { JobContext } from '../../platform/jobs/job-registry.js';
import { OnSchedule } from '../../platform/jobs/job.decorators.js';

/** What is to be done about imports from time to time. */
@Injectable()
export class UpkeepService {
  constructor(
    private readonly imports: ProductImportsRepository,
    private readonly rows: StagedRowsRepository,
    private readonly uploads: UploadsService,
    private readonly transactions: Transactions,
  ) {}

  @OnSchedule('product_imports.fail_lost', '* * * * *')
  failLost(): Promise<void> {
    return this.uploads.failLost();
  }

  /** Row errors are kept for 30 days. */
  @OnSchedule('product_imports.remove_expired', '23 3 * * *')
  async removeExpired({ signal }: JobContext): Promise<void> {
    for (let id = await this.imports.findExpired(); id !== null; id = await this.imports.findExpired()) {
      while (await this.rows.removeSome(id, 'all')) signal.throwIfAborted();
      const expired = id;
      await this.transactions.statement((tx) => this.imports.forgetRows(tx, expired));
    }
  }
}
