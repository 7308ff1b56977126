import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { Transactions } from '../../platform/database/transactions.js';
import { JobRegistry } from '../../platform/jobs/job-registry.js';
import { ProductImportsRepository } from './product-imports.repository.js';
import { StagedRowsRepository } from './staged-rows.repository.js';
import { UploadsService } from './uploads.service.js';

/** What is to be done about imports from time to time. */
@Injectable()
export class UpkeepService implements OnModuleInit {
  constructor(
    private readonly imports: ProductImportsRepository,
    private readonly rows: StagedRowsRepository,
    private readonly uploads: UploadsService,
    private readonly registry: JobRegistry,
    private readonly transactions: Transactions,
  ) {}

  onModuleInit(): void {
    this.registry.schedule('product_imports.fail_lost', '* * * * *', () => this.uploads.failLost());
    this.registry.schedule('product_imports.remove_expired', '23 3 * * *', ({ signal }) =>
      this.removeExpired(signal),
    );
  }

  /** Row errors are kept for 30 days. */
  async removeExpired(signal: AbortSignal): Promise<void> {
    for (let id = await this.imports.findExpired(); id !== null; id = await this.imports.findExpired()) {
      while (await this.rows.removeSome(id, 'all')) signal.throwIfAborted();
      const expired = id;
      await this.transactions.statement((tx) => this.imports.forgetRows(tx, expired));
    }
  }
}
