import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Transactions } from '../../platform/database/transactions.js';
import { EventLog } from '../../platform/events/event-log.js';
import { ProductsService } from '../products/products.service.js';
import { Metrics } from '../../platform/telemetry/metrics.js';

/** How much of a product was available and now is. */
export interface AvailabilityChange {
  readonly productId: string;
  /** Null where its stock was not tracked. */
  readonly before: number | null;
  readonly after: number;
}

/** What follows from another amount of available stock, in the transaction that holds its level. */
@Injectable()
export class AvailabilityService {
  private readonly depletions;

  constructor(
    private readonly products: ProductsService,
    private readonly events: EventLog,
    private readonly transactions: Transactions,
    metrics: Metrics,
  ) {
    this.depletions = metrics.counter(
      'stockroom_stock_depleted_total',
      'Products of which nothing was available any more',
      [],
    );
  }

  /** The product is in stock or is not any more, and what has come to an end is told. */
  async applyEffects(tx: EntityManager, changes: readonly AvailabilityChange[]): Promise<void> {
    const turned = changes.filter(({ before, after }) => before === null || before > 0 !== after > 0);
    const inStock = new Map(turned.map(({ productId, after }) => [productId, after > 0]));
    if (inStock.size > 0) await this.products.trackStock(tx, inStock);
    const depleted = changes.filter(({ before, after }) => before !== 0 && after === 0);
    await this.events.append(
      tx,
      ...depleted.map(({ productId }) => ({ type: 'stock.depleted', resourceId: productId }) as const),
    );
    this.transactions.afterCommit(tx, () => this.depletions.inc(depleted.length));
  }
}
