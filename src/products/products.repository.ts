import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { Keyset } from '../common/pages/keyset.js';
import type { Sorts } from '../common/pages/keyset.js';
import type { Page } from '../common/pages/page.js';
import { softDeleteVersion, updateVersion } from '../database/versioned-rows.js';
import type { AcceptedVersions } from '../database/versioned-rows.js';
import type { ListProductsQuery } from './product.dto.js';
import { Product } from './product.entity.js';
import { filtersOf } from './product-filters.js';
import { SEARCH_CONDITIONS, toTsQuery } from './product-search.js';
import type { Search } from './product-search.js';

/** Rows are read as they are: hydrating entities costs more than the query. */
const COLUMNS = `id, sku, name, description, price, currency, in_stock AS "inStock", created_at AS "createdAt", updated_at AS "updatedAt", version`;

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
  ) {}

  async findById(id: string): Promise<Product | null> {
    const sql = `SELECT ${COLUMNS} FROM products WHERE id = $1 AND deleted_at IS NULL`;
    const [product] = await this.products.query<Product[]>(sql, [id]);
    return product ?? null;
  }

  async page(query: ListProductsQuery): Promise<Page<Product>> {
    const search = query.q === undefined ? undefined : await this.searchFor(query.q);
    return this.keyset.page<Product>((sql, parameters) => this.products.query(sql, parameters), {
      list: `products/${search?.mode ?? 'all'}`,
      select: `SELECT ${COLUMNS} FROM products`,
      filters: filtersOf(query, search),
      sorts: SORTS,
      query,
    });
  }

  async insert(product: Product): Promise<void> {
    await this.products.insert(product);
  }

  async insertMany(products: Product[]): Promise<void> {
    await this.products.insert(products);
  }

  /** The product after the change, or null if there is none in an accepted version. */
  update(id: string, versions: AcceptedVersions, changes: Partial<Product>): Promise<Product | null> {
    return updateVersion(this.products.manager, Product, COLUMNS, { id, versions }, changes);
  }

  softDelete(id: string, versions: AcceptedVersions): Promise<boolean> {
    return softDeleteVersion(this.products.manager, Product, { id, versions });
  }

  async isEmpty(): Promise<boolean> {
    return (await this.products.find({ select: { id: true }, take: 1, withDeleted: true })).length === 0;
  }

  /** By words if any product has them, else by similar spelling. */
  private async searchFor(q: string): Promise<Search> {
    const words = { mode: 'words', text: toTsQuery(q) } as const;
    const [found] = await this.products.query<unknown[]>(
      `SELECT 1 FROM products WHERE deleted_at IS NULL AND ${SEARCH_CONDITIONS.words('$1')} LIMIT 1`,
      [words.text],
    );
    return found === undefined ? { mode: 'similar', text: q } : words;
  }
}
