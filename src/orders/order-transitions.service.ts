import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { toAmount } from '../inventory/money/money.js';
import { Transactions } from '../platform/database/transactions.js';
import { EventLog } from '../platform/events/event-log.js';
import type { NewEvent } from '../platform/events/event-log.js';
import { ReservationsService } from '../inventory/stock/reservations.service.js';
import { Metrics } from '../platform/telemetry/metrics.js';
import type { OrderWithItems } from './order-rows.js';
import type { OrderStatus, Transition } from './order-status.js';

/** What else happens when orders come into a status: to their stock, in the event log, to the counts. */
@Injectable()
export class OrderTransitions {
  private readonly orders;
  private readonly expiredReservations;

  constructor(
    private readonly stock: ReservationsService,
    private readonly events: EventLog,
    private readonly transactions: Transactions,
    metrics: Metrics,
  ) {
    this.orders = metrics.counter('stockroom_orders_total', 'Orders that came into a status', ['status']);
    this.expiredReservations = metrics.counter(
      'stockroom_reservations_expired_total',
      'Items of orders whose stock was released because nobody paid in time',
      [],
    );
  }

  /** An order that the transaction has inserted; its stock is reserved by whoever did that. */
  async begin(tx: EntityManager, order: OrderWithItems): Promise<void> {
    await this.events.append(tx, eventOf(order, null));
    this.transactions.afterCommit(tx, () => this.orders.inc({ status: order.status }));
  }

  /** Orders that the transaction has moved, all in this way. */
  async applyEffects(
    tx: EntityManager,
    orders: readonly OrderWithItems[],
    { from, to, stock }: Transition,
    userId: string | null,
  ): Promise<void> {
    await this.events.append(tx, ...orders.map((order) => eventOf(order, from)));
    if (stock === 'is released') await this.stock.release(tx, orders.flatMap(reservedOf));
    if (stock === 'leaves') {
      for (const order of orders) await this.stock.ship(tx, order.id, reservedOf(order), userId);
    }
    this.transactions.afterCommit(tx, () => {
      this.orders.inc({ status: to }, orders.length);
      if (to === 'expired') this.expiredReservations.inc(orders.flatMap(reservedOf).length);
    });
  }
}

/** The items that hold stock. */
export function reservedOf({ items }: Pick<OrderWithItems, 'items'>): OrderWithItems['items'] {
  return items.filter(({ isReserved }) => isReserved);
}

function eventOf(order: OrderWithItems, from: OrderStatus | null): NewEvent {
  const { id, userId, status, currency, items } = order;
  return {
    type: status === 'pending' ? 'order.created' : `order.${status}`,
    resourceId: id,
    changes: { status: [from, status] },
    details: { user_id: userId, total: toAmount(order.total), currency, items: items.length },
  };
}
