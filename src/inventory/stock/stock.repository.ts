import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { selectListOf, sortsOf } from '../../platform/database/entity-columns.js';
import { Keyset } from '../../platform/database/keyset.js';
import type { Sorts } from '../../platform/database/keyset.js';
import type { Page } from '../../http/pages/page.js';
import { filtersOf } from '../../platform/database/resource-filters.js';
import { Sql } from '../../platform/database/sql.js';
import type { ListStockMovementsQuery } from './stock.dto.js';
import type { Counts, Stock } from './stock-level.entity.js';
import { StockMovement } from './stock-movement.entity.js';
import { MAX_ON_HAND } from './stock-rules.js';
import { existingProduct, keptProduct, skuOf } from '../products/product-existence.sql.js';

export type NewMovement = Omit<StockMovement, 'createdAt'>;

/** It never changes: there is one version of it. */
export type ListedMovement = StockMovement & { version: number };

/** A level beside what it should be. */
export interface Comparison {
  readonly productId: string;
  readonly sku: string;
  readonly onHand: number;
  readonly sumOfMovements: number;
}

const COUNTS = 'on_hand AS "onHand", reserved, version';
const COLUMNS = `${selectListOf(StockMovement)}, 1 AS version`;

const FIND = `
  SELECT level.on_hand AS "onHand", level.reserved, coalesce(level.version, 0) AS version
  FROM (${existingProduct('$1')}) AS product LEFT JOIN stock_levels AS level ON level.product_id = product.id`;

/**
 * The first movement makes the level, if it brings something. PostgreSQL holds the row that is proposed to the CHECKs even
 * where it then changes the one that is there, hence greatest(). That row is locked in any case, also if it stays as it is.
 */
const ADD = `
  INSERT INTO stock_levels AS level (product_id, on_hand, reserved, version)
  SELECT id, greatest($2::int, 0), 0, 1 FROM (${existingProduct('$1')}) AS product
  WHERE $2 > 0 OR EXISTS (SELECT FROM stock_levels WHERE product_id = $1)
  ON CONFLICT (product_id) DO UPDATE
    SET on_hand = level.on_hand + $2, version = level.version + 1, updated_at = now()
    WHERE level.on_hand + $2 BETWEEN level.reserved AND ${MAX_ON_HAND}
  RETURNING ${COUNTS}`;

/** Nobody can delete the product any more before the transaction ends; or it turns out that somebody has. */
const RECORD = `
  WITH product AS (${keptProduct('$2')})
  INSERT INTO stock_movements (id, product_id, quantity, reason, note, order_id, created_by)
  SELECT $1, id, $3, $4, $5, $6, $7 FROM product
  RETURNING ${COLUMNS}`;

/** By one snapshot, so that a movement is in both or in neither. Sums of integers are exact as numbers. */
const COMPARE = `
  SELECT level.product_id AS "productId", (${skuOf('level.product_id')}) AS sku, on_hand AS "onHand", (
    SELECT coalesce(sum(quantity), 0) FROM stock_movements WHERE product_id = level.product_id
  )::float8 AS "sumOfMovements"
  FROM stock_levels AS level
  WHERE level.product_id > $1 ORDER BY level.product_id LIMIT $2`;

const RECOMPUTE = `
  UPDATE stock_levels SET on_hand = movements.total, version = version + 1, updated_at = now()
  FROM (SELECT coalesce(sum(quantity), 0) AS total FROM stock_movements WHERE product_id = $1) AS movements
  WHERE product_id = $1 AND movements.total BETWEEN reserved AND ${MAX_ON_HAND}
  RETURNING ${COUNTS}`;

const SORTS: Sorts<ListedMovement> = sortsOf(StockMovement);

/** Locks are taken in one order by everybody: the level, then its product. */
@Injectable()
export class StockRepository {
  constructor(
    @InjectRepository(StockMovement) private readonly movements: Repository<StockMovement>,
    private readonly keyset: Keyset,
    private readonly sql: Sql,
  ) {}

  /** Null if there is no such product. */
  async find(productId: string): Promise<Stock | null> {
    const [stock] = await this.sql.prepared<Stock>('stock', FIND, [productId]);
    return stock ?? null;
  }

  /** The same within a transaction. */
  async findIn(tx: EntityManager, productId: string): Promise<Stock | null> {
    const [stock] = await tx.query<Stock[]>(FIND, [productId]);
    return stock ?? null;
  }

  /**
   * Adds to a level, or makes it, and holds it until the end of the transaction. Null if there is no such product, or the
   * level cannot become that.
   */
  async add(tx: EntityManager, productId: string, quantity: number): Promise<Counts | null> {
    const [counts] = await tx.query<Counts[]>(ADD, [productId, quantity]);
    return counts ?? null;
  }

  /** What `add` did, for ever. Null if the product was deleted in the meantime. */
  async record(tx: EntityManager, movement: NewMovement): Promise<ListedMovement | null> {
    const { id, productId, quantity, reason, note, orderId, createdBy } = movement;
    const values = [id, productId, quantity, reason, note, orderId, createdBy];
    const [recorded] = await tx.query<ListedMovement[]>(RECORD, values);
    return recorded ?? null;
  }

  /** The next levels behind that product in the order of ids. */
  async compareBehind(tx: EntityManager, productId: string, limit: number): Promise<Comparison[]> {
    await tx.query(`SET LOCAL statement_timeout = '60s'`);
    return tx.query<Comparison[]>(COMPARE, [productId, limit]);
  }

  /** A level as it is, which nobody else changes before the end of the transaction. */
  async lock(tx: EntityManager, productId: string): Promise<Counts> {
    const sql = `SELECT ${COUNTS} FROM stock_levels WHERE product_id = $1 FOR NO KEY UPDATE`;
    const [counts] = await tx.query<[Counts]>(sql, [productId]);
    return counts;
  }

  /** Makes a level, which the transaction must hold, the sum of its movements. Null if that cannot be a level. */
  async recompute(tx: EntityManager, productId: string): Promise<Counts | null> {
    await tx.query(`SET LOCAL statement_timeout = '60s'`);
    const [[counts]] = await tx.query<[Counts[], number]>(RECOMPUTE, [productId]);
    return counts ?? null;
  }

  async findMovement(productId: string, id: string): Promise<ListedMovement | null> {
    const sql = `SELECT ${COLUMNS} FROM stock_movements AS movement WHERE id = $1 AND product_id = $2
      AND EXISTS (${existingProduct('$2')})`;
    const [movement] = await this.sql.prepared<ListedMovement>('stock_movement', sql, [id, productId]);
    return movement ?? null;
  }

  page(productId: string, query: ListStockMovementsQuery): Promise<Page<ListedMovement>> {
    return this.keyset.page<ListedMovement>((sql, parameters) => this.movements.query(sql, parameters), {
      list: `stock movements of ${productId}`,
      select: `SELECT ${COLUMNS} FROM stock_movements`,
      filters: filtersOf(StockMovement, { product_id: productId, ...query }),
      sorts: SORTS,
      query,
    });
  }
}
