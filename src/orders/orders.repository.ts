import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { DataSource } from 'typeorm';
import { Keyset, wholeList } from '../platform/database/keyset.js';
import type { Page } from '../http/pages/page.js';
import { filtersOf } from '../platform/database/resource-filters.js';
import { CursorReader } from '../platform/database/cursor-reader.js';
import { Sql } from '../platform/database/sql.js';
import type { ListOrdersQuery } from './order.dto.js';
import { Order } from './order.entity.js';
import { COLUMNS, SORTS } from './order-rows.js';
import type { OrderLine, OrderWithItems } from './order-rows.js';
import { EXPIRY } from './order-status.js';
import type { Transition } from './order-status.js';

export type NewOrder = Pick<Order, 'id' | 'userId' | 'currency' | 'total' | 'note'> & {
  readonly items: readonly OrderLine[];
};

/** The first half of the advisory lock of a user who orders; the second is a hash of their id. */
const ORDERING = 1_954_320;

const LOCK_USER = 'SELECT pg_advisory_xact_lock($1, hashtext($2))';

const SELECT = `SELECT ${COLUMNS} FROM orders`;

/** The order and its items, unless the user has as many pending ones as is allowed (0: any number). */
const INSERT = `
  WITH created AS (
    INSERT INTO orders (id, user_id, status, currency, total, note, expires_at, version)
    SELECT $1, $2, 'pending', $3, $4, $5, now() + $6 * interval '1 minute', 1
    WHERE $7::int = 0 OR $7 > (
      SELECT count(*) FROM orders WHERE user_id = $2 AND status = 'pending' AND expires_at > now()
    )
    RETURNING status, expires_at AS "expiresAt", version, created_at AS "createdAt", updated_at AS "updatedAt"
  ), items AS (
    INSERT INTO order_items (order_id, position, product_id, sku, name, unit_price, quantity, is_reserved)
    SELECT $1, number - 1, product_id, sku, name, unit_price, quantity, is_reserved
    FROM created, unnest($8::uuid[], $9::text[], $10::text[], $11::numeric[], $12::int[], $13::boolean[])
      WITH ORDINALITY AS item (product_id, sku, name, unit_price, quantity, is_reserved, number)
  )
  SELECT * FROM created`;

const ITEM_FIELDS = ['productId', 'sku', 'name', 'unitPrice', 'quantity', 'isReserved'] as const;

const MOVE = `
  UPDATE orders SET status = $3, note = CASE WHEN $4 THEN $5 ELSE note END, version = version + 1, updated_at = now()
  WHERE id = $1 AND status = $2 RETURNING ${COLUMNS}`;

/** Orders that somebody moves at this moment are left for the next time. */
const EXPIRE = `
  UPDATE orders SET status = '${EXPIRY.to}', version = version + 1, updated_at = now()
  WHERE id IN (
    SELECT id FROM orders WHERE status = '${EXPIRY.from}' AND expires_at <= now()
    ORDER BY expires_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
  ) RETURNING ${COLUMNS}`;

/** Of one user or (null) of all. */
const filtersFor = (owner: string | null, query: ListOrdersQuery) =>
  filtersOf(Order, { user_id: owner ?? undefined, ...query });

/**
 * Locks are taken in one order by everybody: a user's, then orders, then stock. Where an owner is given, there are no
 * other orders than theirs.
 */
@Injectable()
export class OrdersRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly keyset: Keyset,
    private readonly sql: Sql,
    private readonly cursors: CursorReader,
  ) {}

  async find(id: string, owner: string | null): Promise<OrderWithItems | null> {
    const sql = `${SELECT} WHERE id = $1 AND ($2::uuid IS NULL OR user_id = $2)`;
    const [order] = await this.sql.prepared<OrderWithItems>('order', sql, [id, owner]);
    return order ?? null;
  }

  page(owner: string | null, query: ListOrdersQuery): Promise<Page<OrderWithItems>> {
    return this.keyset.page<OrderWithItems>((sql, parameters) => this.dataSource.query(sql, parameters), {
      list: `orders of ${owner ?? 'all'}`,
      select: SELECT,
      filters: filtersFor(owner, query),
      sorts: SORTS,
      query,
    });
  }

  /** All that match, in batches, as they are at one moment. */
  all(owner: string | null, query: ListOrdersQuery): AsyncIterable<OrderWithItems[]> {
    const filters = filtersFor(owner, query);
    return this.cursors.read<OrderWithItems>(() =>
      Promise.resolve(wholeList({ select: SELECT, filters, sorts: SORTS, query })),
    );
  }

  /** Until the transaction ends, the user creates no other order: what is counted from now on stays true. */
  async lockUser(tx: EntityManager, userId: string): Promise<void> {
    await this.sql.preparedIn(tx, 'order_user_lock', LOCK_USER, [ORDERING, userId]);
  }

  /** Null if the user has so many pending orders already. */
  async insert(
    tx: EntityManager,
    order: NewOrder,
    limits: { reservationMinutes: number; pendingLimit: number },
  ): Promise<OrderWithItems | null> {
    const { id, userId, currency, total, note, items } = order;
    const columns = ITEM_FIELDS.map((field) => items.map((item) => item[field]));
    const values = [id, userId, currency, total, note, limits.reservationMinutes, limits.pendingLimit];
    const [created] = await this.sql.preparedIn<Omit<OrderWithItems, keyof NewOrder>>(
      tx,
      'order_insert',
      INSERT,
      [...values, ...columns],
    );
    return created ? { ...order, ...created } : null;
  }

  /** An order as it is, which nobody else changes before the end of the transaction. */
  async lock(
    tx: EntityManager,
    id: string,
    owner: string | null,
  ): Promise<(Pick<Order, 'status' | 'version'> & { isOverdue: boolean }) | null> {
    const [order] = await tx.query<(Pick<Order, 'status' | 'version'> & { isOverdue: boolean })[]>(
      `SELECT status, version, status = '${EXPIRY.from}' AND expires_at <= clock_timestamp() AS "isOverdue"
       FROM orders WHERE id = $1 AND ($2::uuid IS NULL OR user_id = $2) FOR NO KEY UPDATE`,
      [id, owner],
    );
    return order ?? null;
  }

  /** Moves an order that the transaction holds. Without a note, that stays. */
  async move(
    tx: EntityManager,
    id: string,
    { from, to }: Transition,
    note: string | null | undefined,
  ): Promise<OrderWithItems> {
    const values = [id, from, to, note !== undefined, note ?? null];
    const [[moved]] = await tx.query<[[OrderWithItems], number]>(MOVE, values);
    return moved;
  }

  /** Some of those whose time is over. */
  async expire(tx: EntityManager, limit: number): Promise<OrderWithItems[]> {
    const [expired] = await tx.query<[OrderWithItems[], number]>(EXPIRE, [limit]);
    return expired;
  }

  /** When the next pending order is due, which may be over already; null if there is none. */
  async findNextExpiry(tx: EntityManager): Promise<Date | null> {
    const [row] = await tx.query<{ at: Date | null }[]>(
      `SELECT min(expires_at) AS at FROM orders WHERE status = '${EXPIRY.from}'`,
    );
    return row?.at ?? null;
  }
}
