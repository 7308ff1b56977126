import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { EntityManager } from 'typeorm';
import type { Page } from '../../http/pages/page.js';
import { Problem } from '../../http/problems/problem.js';
import { wholeList } from '../../platform/database/keyset.js';
import type { Precondition } from '../../http/responses/precondition.js';
import type { Change, NewValues, ResourceTable } from '../../platform/database/resource-table.js';
import { ResourceTables } from '../../platform/database/resource-tables.js';
import { CursorReader } from '../../platform/database/cursor-reader.js';
import { Sql } from '../../platform/database/sql.js';
import type { ListProductsQuery } from './product.dto.js';
import { Product } from './product.entity.js';
import { ProductSearchRepository } from './product-search.repository.js';

const TRACK_STOCK = `
  UPDATE products SET stock_tracked = true, in_stock = now.in_stock,
    version = version + (products.in_stock <> now.in_stock)::int,
    updated_at = CASE WHEN products.in_stock = now.in_stock THEN updated_at ELSE CURRENT_TIMESTAMP END
  FROM unnest($1::uuid[], $2::boolean[]) AS now (id, in_stock)
  WHERE products.id = now.id AND deleted_at IS NULL AND NOT (stock_tracked AND products.in_stock = now.in_stock)`;

export type NewProduct = Pick<
  Product,
  'id' | 'sku' | 'name' | 'description' | 'price' | 'currency' | 'inStock'
>;

const STOCK_DECIDES =
  'The stock of this product is tracked, so its stock movements decide in_stock. Leave it out, or move the stock.';

@Injectable()
export class ProductsRepository {
  readonly table: ResourceTable<Product>;

  constructor(
    @InjectRepository(Product) private readonly products: Repository<Product>,
    tables: ResourceTables,
    private readonly sql: Sql,
    private readonly cursors: CursorReader,
    private readonly search: ProductSearchRepository,
  ) {
    this.table = tables.of(Product);
  }

  findMany(ids: readonly string[]): Promise<Product[]> {
    const sql = `${this.table.select} WHERE id = ANY ($1::uuid[]) AND deleted_at IS NULL`;
    return this.sql.prepared('products:find_many', sql, [ids]);
  }

  page(query: ListProductsQuery): Promise<Page<Product>> {
    const { q } = query;
    return q === undefined ? this.table.page(query) : this.search.page({ ...query, q });
  }

  /** All that match, in batches, as they are at one moment. */
  all(query: ListProductsQuery): AsyncIterable<Product[]> {
    const { q } = query;
    if (q === undefined) return this.table.all(query);
    return this.cursors.read<Product>(async (run) => {
      const filters = await this.search.hitsOf({ ...query, q }, run);
      return { ...wholeList(this.table.listOf(query, filters)), isSelective: true };
    });
  }

  async insertMany(products: Product[]): Promise<void> {
    await this.products.insert(products);
  }

  /** Those whose sku is free, all by one statement. Returns how many. */
  async insertMissing(products: readonly (NewProduct & { createdAt: Date })[]): Promise<number> {
    const rows = await this.products.query<unknown[]>(
      `INSERT INTO products (id, sku, name, description, price, currency, in_stock, created_at, updated_at, version)
       SELECT *, created_at, 1 FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::numeric[], $6::text[],
         $7::boolean[], $8::timestamptz[])
         AS new (id, sku, name, description, price, currency, in_stock, created_at)
       ON CONFLICT (sku) WHERE deleted_at IS NULL DO NOTHING RETURNING true`,
      (['id', 'sku', 'name', 'description', 'price', 'currency', 'inStock', 'createdAt'] as const).map(
        (field) => products.map((product) => product[field]),
      ),
    );
    return rows.length;
  }

  /**
   * All fields of the body, and the defaults of what it leaves out; but `in_stock` of a tracked product stays.
   * @throws Problem `not_found`, `precondition_failed`, `conflict` for another `in_stock` than the stock says
   */
  replace(tx: EntityManager, id: string, versions: Precondition, body: object): Promise<Change<Product>> {
    const { inStock, ...fields } = this.table.replacementOf(body);
    if (typeof inStock !== 'boolean')
      return this.table.update(
        tx,
        { id, versions },
        { ...fields, inStock: () => 'in_stock OR NOT stock_tracked' },
      );
    const sql = `NOT stock_tracked OR in_stock = ${String(inStock)}`;
    return this.change(tx, id, versions, sql, { ...fields, inStock });
  }

  /**
   * The fields of the body.
   * @throws Problem `not_found`, `precondition_failed`, `conflict` for `in_stock` of a tracked product
   */
  patch(tx: EntityManager, id: string, versions: Precondition, body: object): Promise<Change<Product>> {
    const fields = this.table.valuesOf(body);
    if (fields.inStock === undefined) return this.table.update(tx, { id, versions }, fields);
    return this.change(tx, id, versions, 'NOT stock_tracked', fields);
  }

  /** From now on stock movements decide of these products. The version counts only where the answer changes by it. */
  async trackStock(tx: EntityManager, inStock: ReadonlyMap<string, boolean>): Promise<void> {
    await tx.query(TRACK_STOCK, [[...inStock.keys()], [...inStock.values()]]);
  }

  async isEmpty(): Promise<boolean> {
    return (await this.products.find({ select: { id: true }, take: 1, withDeleted: true })).length === 0;
  }

  private change(
    tx: EntityManager,
    id: string,
    versions: Precondition,
    sql: string,
    fields: NewValues<Product>,
  ): Promise<Change<Product>> {
    const condition = { sql, problem: () => new Problem('conflict', STOCK_DECIDES) };
    return this.table.update(tx, { id, versions, condition }, fields);
  }
}
