import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Keyset, wholeList } from '../common/pages/keyset.js';
import type { Sorts } from '../common/pages/keyset.js';
import type { Page } from '../common/pages/page.js';
import { Snapshots } from '../database/snapshots.js';
import type { Run } from '../database/snapshots.js';
import { Sql } from '../database/sql.js';
import { softDeleteVersion, updateVersion } from '../database/versioned-rows.js';
import type { AcceptedVersions, NewValues, Target } from '../database/versioned-rows.js';
import type { ListProductsQuery } from './product.dto.js';
import { Product } from './product.entity.js';
import { filtersOf } from './product-filters.js';
import { FEW_HITS, SEARCH_SQL, toTsQuery } from './product-search.js';
import type { Search, SearchMode } from './product-search.js';

/** Rows are read as they are: hydrating entities costs more than the query. */
const COLUMNS = `id, sku, name, description, price, currency, in_stock AS "inStock", created_at AS "createdAt", updated_at AS "updatedAt", version`;

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

const SORTS: Sorts<Product> = {
  created_at: { column: 'created_at', type: 'timestamptz', read: (product) => product.createdAt },
  updated_at: { column: 'updated_at', type: 'timestamptz', read: (product) => product.updatedAt },
  price: { column: 'price', type: 'numeric', read: (product) => product.price },
  name: { column: 'name', type: 'text', read: (product) => product.name },
};

@Injectable()
export class ProductsRepository {
  constructor(
    @InjectRepository(Product) private readonly products: Repository<Product>,
    private readonly keyset: Keyset,
    private readonly sql: Sql,
    private readonly snapshots: Snapshots,
  ) {}

  async findById(id: string): Promise<Product | null> {
    const sql = `SELECT ${COLUMNS} FROM products WHERE id = $1 AND deleted_at IS NULL`;
    const [product] = await this.sql.prepared<Product>('product', sql, [id]);
    return product ?? null;
  }

  async page(query: ListProductsQuery): Promise<Page<Product>> {
    const search = query.q === undefined ? undefined : await this.searchFor(query, query.q);
    const filters = filtersOf(query, search);
    // Without filters there are few texts, each with one plan; with them, the values decide which plan is best.
    const name =
      filters.parameters.length === 0 && filters.conditions.length === 1
        ? `products:${query.sort}:${query.cursor === undefined ? 'first' : 'next'}`
        : undefined;
    const run = (sql: string, parameters: unknown[]): Promise<Product[]> =>
      name === undefined ? this.products.query(sql, parameters) : this.sql.prepared(name, sql, parameters);
    return this.keyset.page<Product>(run, {
      list: listOf(search?.mode),
      select: `SELECT ${COLUMNS} FROM ${filters.source}`,
      filters,
      sorts: SORTS,
      query,
    });
  }

  /** All that match, in batches, as they are at one moment. */
  all(query: ListProductsQuery): AsyncIterable<Product[]> {
    return this.snapshots.read<Product>(async (run) => {
      const search = query.q === undefined ? undefined : await this.searchFor(query, query.q, run);
      const filters = filtersOf(query, search);
      return wholeList({ select: `SELECT ${COLUMNS} FROM ${filters.source}`, filters, sorts: SORTS, query });
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
   * The product after the change; null if there is none in an accepted version, or `inStock` is not what its stock says.
   * Without `inStock` that of a tracked product stays; any other has its default again.
   */
  replace(
    id: string,
    versions: AcceptedVersions,
    { inStock, ...fields }: Omit<NewProduct, 'id' | 'inStock'> & { inStock: boolean | undefined },
  ): Promise<Product | null> {
    return inStock === undefined
      ? this.update({ id, versions }, { ...fields, inStock: () => 'in_stock OR NOT stock_tracked' })
      : this.update(
          { id, versions, condition: `NOT stock_tracked OR in_stock = ${String(inStock)}` },
          { ...fields, inStock },
        );
  }

  /** The product after the change; null if there is none in an accepted version, or `inStock` is not for writers to say. */
  patch(id: string, versions: AcceptedVersions, changes: Partial<Product>): Promise<Product | null> {
    const condition = changes.inStock === undefined ? undefined : 'NOT stock_tracked';
    return this.update({ id, versions, condition }, changes);
  }

  /** From now on stock movements decide of these products. The version counts only where the answer changes by it. */
  async trackStock(tx: EntityManager, inStock: ReadonlyMap<string, boolean>): Promise<void> {
    await tx.query(TRACK_STOCK, [[...inStock.keys()], [...inStock.values()]]);
  }

  softDelete(id: string, versions: AcceptedVersions): Promise<boolean> {
    return softDeleteVersion(this.products.manager, Product, { id, versions });
  }

  async isEmpty(): Promise<boolean> {
    return (await this.products.find({ select: { id: true }, take: 1, withDeleted: true })).length === 0;
  }

  private update(target: Target, changes: NewValues<Product>): Promise<Product | null> {
    return updateVersion(this.products.manager, Product, COLUMNS, target, changes);
  }

  /** By words if any product has them, else by similar spelling; a further page goes on as the walk began. */
  private async searchFor(
    query: ListProductsQuery,
    q: string,
    run: Run = (sql, parameters) => this.products.query(sql, [...parameters]),
  ): Promise<Search> {
    const inWords = { mode: 'words', term: toTsQuery(q) } as const;
    const bySpelling = { mode: 'similar', term: q } as const;
    const goesOnBySpelling = this.keyset.continues(listOf('similar'), query);
    const hits = goesOnBySpelling || inWords.term === '' ? 0 : await this.countHits(inWords, run);
    if (hits > 0 || this.keyset.continues(listOf('words'), query))
      return { ...inWords, fewHits: hits <= FEW_HITS };
    return { ...bySpelling, fewHits: (await this.countHits(bySpelling, run)) <= FEW_HITS };
  }

  /** Counts no further than what makes a difference. */
  private async countHits({ mode, term }: Pick<Search, 'mode' | 'term'>, run: Run): Promise<number> {
    const sql = `SELECT count(*)::int AS hits FROM ${SEARCH_SQL[mode].hits('$1', FEW_HITS + 1)}`;
    const [row] = await run<{ hits: number }>(sql, [term]);
    return row?.hits ?? 0;
  }
}

/** Names a list in its cursors: a walk through words does not go on through spellings. */
function listOf(mode: SearchMode | 'all' = 'all'): string {
  return `products/${mode}`;
}
