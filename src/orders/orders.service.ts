import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Config } from '../../config/index.js';
import type { Caller } from '../http/access/caller.js';
import { insufficientScope } from '../http/access/insufficient-scope.js';
import type { Page } from '../http/pages/page.js';
import { Problem } from '../http/problems/problem.js';
import { Transactions } from '../platform/database/transactions.js';
import { notFound } from '../platform/database/resource-table.js';
import type { Precondition } from '../http/responses/precondition.js';
import { ProductsService } from '../inventory/products/products.service.js';
import { ReservationsService } from '../inventory/stock/reservations.service.js';
import type { CreateOrderDto, ListOrdersQuery, UpdateOrderDto } from './order.dto.js';
import { insufficientStock, toLines, totalOf } from './order-lines.js';
import type { OrderWithItems } from './order-rows.js';
import { transitionFor } from './order-status.js';
import { OrderTransitions, reservedOf } from './order-transitions.service.js';
import { OrdersRepository } from './orders.repository.js';
import type { NewOrder } from './orders.repository.js';

/** What customers order: each sees their own orders, and those with orders:admin see all. */
@Injectable()
export class OrdersService {
  constructor(
    private readonly orders: OrdersRepository,
    private readonly products: ProductsService,
    private readonly stock: ReservationsService,
    private readonly effects: OrderTransitions,
    private readonly transactions: Transactions,
    private readonly config: Config,
  ) {}

  async getOrder(caller: Caller, id: string): Promise<OrderWithItems> {
    return (await this.orders.find(id, ownerFor(caller))) ?? notFound();
  }

  /** @throws Problem `insufficient_scope` for the orders of one user */
  listOrders(caller: Caller, query: ListOrdersQuery): Promise<Page<OrderWithItems>> {
    return this.orders.page(ownerFor(caller, query.user_id), query);
  }

  /** All that match, in batches, as they are at one moment. @throws Problem `insufficient_scope` */
  exportOrders(caller: Caller, query: ListOrdersQuery): AsyncIterable<OrderWithItems[]> {
    return this.orders.all(ownerFor(caller, query.user_id), query);
  }

  /**
   * Reserves all or nothing. What the products are is read before the transaction begins, and the stock, which others
   * wait for, is taken last in it.
   * @throws Problem `validation_failed`, `insufficient_stock`, `conflict` for one pending order too many
   */
  async createOrder({ userId }: Caller, dto: CreateOrderDto): Promise<OrderWithItems> {
    const requested = dto.items.map((item) => ({ ...item, product_id: item.product_id.toLowerCase() }));
    const products = await this.products.findSold(requested.map((item) => item.product_id));
    const items = toLines(requested, products);
    const { currency = '' } = products.get(requested[0]?.product_id ?? '') ?? {};
    const order = { id: uuidv7(), userId, currency, total: totalOf(items), note: dto.note ?? null, items };
    const soldOut = items.filter((item) => !item.isReserved && !products.get(item.productId)?.inStock);
    return this.transactions.run(async (tx) => {
      const created = await this.insert(tx, order);
      await this.effects.begin(tx, created);
      const short = new Map(soldOut.map((item) => [item.productId, 0]));
      for (const [id, left] of await this.stock.reserve(tx, reservedOf(order))) short.set(id, left);
      if (short.size > 0) throw insufficientStock(requested, short);
      return created;
    });
  }

  /**
   * Moves it on. The note stays unless one is sent.
   * @throws Problem `not_found`, `precondition_failed`, `invalid_transition`, `insufficient_scope`
   */
  updateOrder(
    caller: Caller,
    id: string,
    { status, note }: UpdateOrderDto,
    versions: Precondition,
  ): Promise<OrderWithItems> {
    const owner = ownerFor(caller);
    return this.transactions.run(async (tx) => {
      const held = (await this.orders.lock(tx, id, owner)) ?? notFound();
      if (versions !== 'any' && !versions.includes(held.version)) throw new Problem('precondition_failed');
      const transition = transitionFor(held, status, owner === null);
      const moved = await this.orders.move(tx, id, transition, note);
      await this.effects.applyEffects(tx, [moved], transition, caller.userId);
      return moved;
    });
  }

  private async insert(tx: EntityManager, order: NewOrder): Promise<OrderWithItems> {
    const { pendingLimit } = this.config.orders;
    if (pendingLimit > 0) await this.orders.lockUser(tx, order.userId);
    const created = await this.orders.insert(tx, order, this.config.orders);
    if (created) return created;
    const detail = `You have ${pendingLimit} pending orders, which is the limit. Have one paid, or cancel one.`;
    throw new Problem('conflict', detail);
  }
}

/**
 * Whose orders the caller can reach: null for everybody's.
 * @param only where the caller wants the orders of one user
 */
function ownerFor(caller: Caller, only?: string): string | null {
  const reachesAll = caller.scopes.has('orders:admin');
  if (only !== undefined && !reachesAll) throw insufficientScope('orders:admin');
  return reachesAll ? (only ?? null) : caller.userId;
}
