import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Keyset, wholeList } from '../../platform/database/keyset.js';
import type { Page } from '../../http/pages/page.js';
import { Snapshots } from '../../platform/database/snapshots.js';
import { Sql } from '../../platform/database/sql.js';
import { changeVersion, softDeleteVersion, updateVersion } from '../../platform/database/versioned-rows.js';
import type { AcceptedVersions, Change, NewValues, Target } from '../../platform/database/versioned-rows.js';
import type { ListProductsQuery } from './product.dto.js';
import { Product } from './product.entity.js';
import { filtersOf } from './product-filters.js';
import { COLUMNS, SORTS } from './product-rows.js';
import { ProductSearchRepository } from './product-search.repository.js';

const TRACK_STOCK = `
  UPDATE products SET stock_tracked = true, in_stock = now.in_stock,
    version = version + (products.in_stock <> now.in_stock)::int,
    updated_at = CASE WHEN products.in_stock = now.in_stock THEN updated_at ELSE CURRENT_TIMESTAMP END
  FROM unnest($1::uuid[], $2::boolean[]) AS now (id, in_stock)
  WHERE products.id = now.id AND deleted_at IS NULL AND NOT (stock_tracked AND products.in_stock = now.in_stock)`;

/** Written out, as building it anew costs the service more than carrying it out costs the database. */
const INSERT = `INSERT INTO products (id, sku, name, description, price, currency, in_stock, version)
  VALUES ($1, $2, $3, $4, $5, $6, $7, 1) RETURNING ${COLUMNS}`;

export type NewProduct = Pick<
  Product,
  'id' | 'sku' | 'name' | 'description' | 'price' | 'currency' | 'inStock'
>;

@Injectable()
export class ProductsRepository {
  constructor(
    @InjectRepository(Product) private readonly products: Repository<Product>,
    private readonly keyset: Keyset,
    private readonly sql: Sql,
    private readonly snapshots: Snapshots,
    private readonly search: ProductSearchRepository,
  ) {}

  async findById(id: string): Promise<Product | null> {
    const sql = `SELECT ${COLUMNS} FROM products WHERE id = $1 AND deleted_at IS NULL`;
    const [product] = await this.sql.prepared<Product>('product', sql, [id]);
    return product ?? null;
  }

  findSold(ids: readonly string[]): Promise<Product[]> {
    const sql = `SELECT ${COLUMNS}, stock_tracked AS "stockTracked" FROM products
      WHERE id = ANY ($1::uuid[]) AND deleted_at IS NULL`;
    return this.sql.prepared('products_sold', sql, [ids]);
  }

  page(query: ListProductsQuery): Promise<Page<Product>> {
    const { q, sort = '-created_at' } = query;
    if (q !== undefined) return this.search.page({ ...query, q });
    const filters = filtersOf(query);
    // Without filters there are few texts, each with one plan; with them, the values decide which plan is best.
    const name =
      filters.parameters.length === 0 && filters.conditions.length === 1
        ? `products:${sort}:${query.cursor === undefined ? 'first' : 'next'}`
        : undefined;
    const run = (sql: string, parameters: unknown[]): Promise<Product[]> =>
      name === undefined ? this.products.query(sql, parameters) : this.sql.prepared(name, sql, parameters);
    return this.keyset.page<Product>(run, {
      list: 'products/all',
      select: `SELECT ${COLUMNS} FROM products`,
      filters,
      sorts: SORTS,
      query: { ...query, sort },
    });
  }

  /** All that match, in batches, as they are at one moment. */
  all(query: ListProductsQuery): AsyncIterable<Product[]> {
    const { q, sort = '-created_at' } = query;
    return this.snapshots.read<Product>(async (run) => {
      const filters = q === undefined ? filtersOf(query) : await this.search.hitsOf({ ...query, q }, run);
      const select = `SELECT ${COLUMNS} FROM products`;
      const list = wholeList({ select, filters, sorts: SORTS, query: { ...query, sort } });
      return { ...list, isSelective: q !== undefined };
    });
  }

  async insert(tx: EntityManager, product: NewProduct): Promise<Product> {
    const { id, sku, name, description, price, currency, inStock } = product;
    const rows = await tx.query<Product[]>(INSERT, [id, sku, name, description, price, currency, inStock]);
    return rows[0] as Product;
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
   * The product before and after; null if there is none in an accepted version, or `inStock` is not what its stock says.
   * Without `inStock` that of a tracked product stays; any other has its default again.
   */
  replace(
    tx: EntityManager,
    id: string,
    versions: AcceptedVersions,
    { inStock, ...fields }: Omit<NewProduct, 'id' | 'inStock'> & { inStock: boolean | undefined },
  ): Promise<Change<Product> | null> {
    return inStock === undefined
      ? this.change(tx, { id, versions }, { ...fields, inStock: () => 'in_stock OR NOT stock_tracked' })
      : this.change(
          tx,
          { id, versions, condition: `NOT stock_tracked OR in_stock = ${String(inStock)}` },
          { ...fields, inStock },
        );
  }

  /** The product before and after; null if there is none in an accepted version, or `inStock` is not for writers to say. */
  patch(
    tx: EntityManager,
    id: string,
    versions: AcceptedVersions,
    changes: Partial<Product>,
  ): Promise<Change<Product> | null> {
    const condition = changes.inStock === undefined ? undefined : 'NOT stock_tracked';
    return this.change(tx, { id, versions, condition }, changes);
  }

  /** The product, if there is one in an accepted version. */
  findVersion(tx: EntityManager, id: string, versions: AcceptedVersions): Promise<Product | null> {
    return updateVersion(tx, Product, COLUMNS, { id, versions }, {});
  }

  /** From now on stock movements decide of these products. The version counts only where the answer changes by it. */
  async trackStock(tx: EntityManager, inStock: ReadonlyMap<string, boolean>): Promise<void> {
    await tx.query(TRACK_STOCK, [[...inStock.keys()], [...inStock.values()]]);
  }

  softDelete(tx: EntityManager, id: string, versions: AcceptedVersions): Promise<boolean> {
    return softDeleteVersion(tx, Product, { id, versions });
  }

  async isEmpty(): Promise<boolean> {
    return (await this.products.find({ select: { id: true }, take: 1, withDeleted: true })).length === 0;
  }

  private change(tx: EntityManager, target: Target, changes: NewValues<Product>) {
    return changeVersion(tx, Product, COLUMNS, target, changes);
  }
}
