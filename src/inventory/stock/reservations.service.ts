import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { EventLog } from '../../platform/events/event-log.js';
import { AvailabilityService } from './availability.service.js';
import { ReservationsRepository } from './reservations.repository.js';
import type { Changed, Portion } from './reservations.repository.js';

/** What orders do with tracked stock, in their own transactions: they hold it, give it back, or take it out of the house. */
@Injectable()
export class ReservationsService {
  constructor(
    private readonly reservations: ReservationsRepository,
    private readonly availability: AvailabilityService,
    private readonly events: EventLog,
  ) {}

  /**
   * Holds all of it, each product once. Others wait for these products from now on, so it comes last in a transaction.
   * @returns what is available of each product of which that is not enough; if there is any, the caller must roll back
   */
  async reserve(tx: EntityManager, portions: readonly Portion[]): Promise<Map<string, number>> {
    if (portions.length === 0) return new Map();
    const reserved = await this.reservations.reserve(tx, portions);
    if (reserved.length < portions.length) {
      const done = new Set(reserved.map(({ productId }) => productId));
      const short = portions.map(({ productId }) => productId).filter((id) => !done.has(id));
      return this.reservations.findAvailable(tx, short);
    }
    await this.applyEffects(tx, reserved, -1);
    return new Map();
  }

  /** Gives back what was held. */
  async release(tx: EntityManager, portions: readonly Portion[]): Promise<void> {
    if (portions.length === 0) return;
    await this.applyEffects(tx, await this.reservations.release(tx, portions), 1);
  }

  /** What was held leaves the house, each product by a movement; what is available stays the same. */
  async ship(
    tx: EntityManager,
    orderId: string,
    portions: readonly Portion[],
    createdBy: string | null,
  ): Promise<void> {
    if (portions.length === 0) return;
    const shipped = (await this.reservations.ship(tx, portions)).map((level) => ({ ...level, id: uuidv7() }));
    const reason = 'shipment';
    await this.reservations.record(
      tx,
      shipped.map(({ id, productId, quantity }) => {
        return { id, productId, quantity: -quantity, reason, note: null, orderId, createdBy };
      }),
    );
    await this.events.append(
      tx,
      ...shipped.map(({ id, productId, quantity, onHand, reserved }) => {
        const moved = { movement_id: id, quantity: -quantity, reason, order_id: orderId };
        const details = { ...moved, on_hand: onHand, available: onHand - reserved };
        const changes = { on_hand: [onHand + quantity, onHand] } as const;
        return { type: 'stock.moved', resourceId: productId, changes, details } as const;
      }),
    );
  }

  /** @param sign 1 where more is available by these quantities, -1 where less is */
  private applyEffects(tx: EntityManager, changed: readonly Changed[], sign: 1 | -1): Promise<void> {
    const changes = changed.map(({ productId, quantity, onHand, reserved }) => {
      const after = onHand - reserved;
      return { productId, before: after - sign * quantity, after };
    });
    return this.availability.applyEffects(tx, changes);
  }
}
