import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Sql } from '../../platform/database/sql.js';
import type { Counts } from './stock-level.entity.js';
import type { NewMovement } from './stock.repository.js';

/** So much of a product. */
export interface Portion {
  readonly productId: string;
  readonly quantity: number;
}

/** A level after so much of it changed. */
export type Changed = Portion & Pick<Counts, 'onHand' | 'reserved'>;

/**
 * Changes several levels at once: those of which the condition holds when their turn comes. They are locked in the order
 * of the products' ids by everybody, so that nobody waits in a circle.
 */
const change = (assignments: string, condition = 'true') => `
  WITH portion AS (
    SELECT product_id, sum(quantity)::int AS quantity
    FROM unnest($1::uuid[], $2::int[]) AS portion (product_id, quantity) GROUP BY product_id
  ), held AS (
    SELECT level.product_id, portion.quantity FROM stock_levels AS level JOIN portion USING (product_id)
    ORDER BY level.product_id FOR NO KEY UPDATE OF level
  )
  UPDATE stock_levels AS level SET ${assignments}, version = version + 1, updated_at = now()
  FROM held WHERE level.product_id = held.product_id AND ${condition}
  RETURNING level.product_id AS "productId", held.quantity, on_hand AS "onHand", reserved`;

const RESERVE = change('reserved = reserved + held.quantity', 'on_hand - reserved >= held.quantity');
// A CHECK of the level refuses to give back what is not held.
const RELEASE = change('reserved = reserved - held.quantity');
const SHIP = change('on_hand = on_hand - held.quantity, reserved = reserved - held.quantity');

/** Also of products that were deleted after they were ordered. */
const RECORD = `
  INSERT INTO stock_movements (id, product_id, quantity, reason, note, order_id, created_by)
  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::uuid[], $7::uuid[])`;

/** What orders do with stock levels. */
@Injectable()
export class ReservationsRepository {
  constructor(private readonly sql: Sql) {}

  /** Those of which there is enough: whoever wants all or none rolls back if some are missing. */
  reserve(tx: EntityManager, portions: readonly Portion[]): Promise<Changed[]> {
    return this.change(tx, 'stock_reserve', RESERVE, portions);
  }

  release(tx: EntityManager, portions: readonly Portion[]): Promise<Changed[]> {
    return this.change(tx, 'stock_release', RELEASE, portions);
  }

  ship(tx: EntityManager, portions: readonly Portion[]): Promise<Changed[]> {
    return this.change(tx, 'stock_ship', SHIP, portions);
  }

  async record(tx: EntityManager, movements: readonly NewMovement[]): Promise<void> {
    const fields = ['id', 'productId', 'quantity', 'reason', 'note', 'orderId', 'createdBy'] as const;
    await tx.query(
      RECORD,
      fields.map((field) => movements.map((movement) => movement[field])),
    );
  }

  /** How much is available of each. */
  async findAvailable(tx: EntityManager, productIds: readonly string[]): Promise<Map<string, number>> {
    const rows = await tx.query<{ productId: string; available: number }[]>(
      `SELECT product_id AS "productId", on_hand - reserved AS available FROM stock_levels
       WHERE product_id = ANY ($1)`,
      [productIds],
    );
    return new Map(rows.map(({ productId, available }) => [productId, available]));
  }

  private change(
    tx: EntityManager,
    name: string,
    statement: string,
    portions: readonly Portion[],
  ): Promise<Changed[]> {
    const values = [portions.map(({ productId }) => productId), portions.map(({ quantity }) => quantity)];
    return this.sql.preparedIn(tx, name, statement, values);
  }
}
