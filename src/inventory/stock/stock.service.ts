import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { NIL, v7 as uuidv7 } from 'uuid';
import type { Page } from '../../http/pages/page.js';
import { notFound } from '../../platform/database/resource-table.js';
import { Problem } from '../../http/problems/problem.js';
import { Transactions } from '../../platform/database/transactions.js';
import { EventLog } from '../../platform/events/event-log.js';
import { ProductsService } from '../products/products.service.js';
import { AvailabilityService } from './availability.service.js';
import type { CreateStockMovementDto, ListStockMovementsQuery } from './stock.dto.js';
import type { Counts, Stock } from './stock-level.entity.js';
import { MAX_ON_HAND } from './stock-rules.js';
import { StockRepository } from './stock.repository.js';
import type { Comparison, ListedMovement, NewMovement } from './stock.repository.js';

/** How many levels are compared at once. */
const BATCH = 500;

export interface StockDifference extends Comparison {
  /** Only where that was asked for, and more is not reserved than there is by the movements. */
  readonly fixed: boolean;
}

/** How much there is of each product, as the sum of what came and went. */
@Injectable()
export class StockService {
  constructor(
    private readonly stock: StockRepository,
    private readonly products: ProductsService,
    private readonly availability: AvailabilityService,
    private readonly events: EventLog,
    private readonly transactions: Transactions,
  ) {}

  async getStock(productId: string): Promise<Stock> {
    return (await this.stock.find(productId)) ?? notFound();
  }

  async listMovements(productId: string, query: ListStockMovementsQuery): Promise<Page<ListedMovement>> {
    await this.products.getProduct(productId);
    return this.stock.page(productId, query);
  }

  async getMovement(productId: string, id: string): Promise<ListedMovement> {
    return (await this.stock.findMovement(productId, id)) ?? notFound();
  }

  /**
   * Lets some of a product come or go. From the first movement on its stock is tracked.
   * @throws Problem `not_found`, `insufficient_stock`, `conflict` for more than there can be
   */
  move(productId: string, dto: CreateStockMovementDto, createdBy: string | null): Promise<ListedMovement> {
    const { quantity, reason, note = null } = dto;
    return this.transactions.run(async (tx) => {
      const counts =
        (await this.stock.add(tx, productId, quantity)) ?? (await this.refuse(tx, productId, quantity));
      const movement = { id: uuidv7(), productId, quantity, reason, note, orderId: null, createdBy };
      const recorded = (await this.stock.record(tx, movement)) ?? notFound();
      await this.applyEffects(tx, movement, counts);
      return recorded;
    });
  }

  /**
   * Compares all levels with their movements, those of deleted products too, and tells of each that differs; movements go
   * on meanwhile. With `fix` a level becomes the sum of its movements before it is told of.
   */
  async *reconcile({ fix = false } = {}): AsyncGenerator<StockDifference> {
    let levels = await this.compareBehind(NIL);
    for (let last = levels.at(-1); last; last = levels.at(-1)) {
      for (const level of levels) {
        if (level.onHand !== level.sumOfMovements)
          yield { ...level, fixed: fix && (await this.correct(level.productId)) };
      }
      levels = await this.compareBehind(last.productId);
    }
  }

  private compareBehind(productId: string): Promise<Comparison[]> {
    return this.transactions.run((tx) => this.stock.compareBehind(tx, productId, BATCH));
  }

  /** Returns whether the level now is what its movements make it. */
  private correct(productId: string): Promise<boolean> {
    return this.transactions.run(async (tx) => {
      const before = await this.stock.lock(tx, productId);
      const counts = await this.stock.recompute(tx, productId);
      if (!counts) return false;
      await this.products.trackStock(tx, new Map([[productId, counts.onHand > counts.reserved]]));
      const changes = { on_hand: [before.onHand, counts.onHand] } as const;
      await this.events.append(tx, { type: 'stock.corrected', resourceId: productId, changes });
      return true;
    });
  }

  /** The level stays as it is: there is no such product, less than is to go, or no room for more. */
  private async refuse(tx: EntityManager, productId: string, quantity: number): Promise<never> {
    const { onHand, reserved } = (await this.stock.findIn(tx, productId)) ?? notFound();
    if (quantity > 0) throw new Problem('conflict', `A product can have at most ${MAX_ON_HAND} in stock.`);
    const available = onHand === null ? 0 : onHand - reserved;
    const message = `quantity takes ${-quantity}, but only ${available} are available`;
    throw new Problem('insufficient_stock', `Only ${available} are available.`, {
      errors: [{ pointer: '/quantity', code: 'insufficient_stock', message }],
    });
  }

  /** What else a movement brings with it: whether the product is in stock, and the events. */
  private async applyEffects(tx: EntityManager, movement: NewMovement, counts: Counts): Promise<void> {
    const { id, productId, quantity, reason } = movement;
    const available = counts.onHand - counts.reserved;
    const details = { movement_id: id, quantity, reason, on_hand: counts.onHand, available };
    const changes = { on_hand: [counts.onHand - quantity, counts.onHand] } as const;
    await this.events.append(tx, { type: 'stock.moved', resourceId: productId, changes, details });
    const before = counts.version === 1 ? null : available - quantity;
    await this.availability.applyEffects(tx, [{ productId, before, after: available }]);
  }
}
