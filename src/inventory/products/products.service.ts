import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { toAmount } from '../money/money.js';
import type { Page } from '../../http/pages/page.js';
import { Transactions } from '../../platform/database/transactions.js';
import { notFound } from '../../platform/database/resource-table.js';
import type { Precondition } from '../../http/responses/precondition.js';
import type { Change } from '../../platform/database/resource-table.js';
import { EventLog } from '../../platform/events/event-log.js';
import type { CreateProductDto, ListProductsQuery, UpdateProductDto } from './product.dto.js';
import type { Product } from './product.entity.js';
import { ProductCache } from './product-cache.js';
import { ProductsRepository } from './products.repository.js';

/** What an order keeps of a product, and needs to know of it. */
export type SoldProduct = Pick<
  Product,
  'id' | 'sku' | 'name' | 'price' | 'currency' | 'inStock' | 'stockTracked'
>;

/** The catalogue: what there is to sell, at which price. */
@Injectable()
export class ProductsService {
  constructor(
    private readonly products: ProductsRepository,
    private readonly cache: ProductCache,
    private readonly events: EventLog,
    private readonly transactions: Transactions,
  ) {}

  async getProduct(id: string): Promise<Product> {
    return (await this.cache.get(id, () => this.products.table.find(id))) ?? notFound();
  }

  /** Those of them that there are, as the database has them at this moment. */
  async findSold(ids: readonly string[]): Promise<Map<string, SoldProduct>> {
    const products = await this.products.findMany(ids);
    return new Map(products.map((product) => [product.id, product]));
  }

  listProducts(query: ListProductsQuery): Promise<Page<Product>> {
    return this.products.page(query);
  }

  /** All that match, in batches, as they are at one moment. */
  exportProducts(query: ListProductsQuery): AsyncIterable<Product[]> {
    return this.products.all(query);
  }

  /** @throws Problem `duplicate_sku`, found by the unique index */
  createProduct(dto: CreateProductDto): Promise<Product> {
    return this.transactions.run(async (tx) => {
      const product = await this.products.table.insert(tx, {
        id: uuidv7(),
        ...this.products.table.valuesOf(dto),
      });
      const { id: resourceId, sku, name, price, currency } = product;
      const details = { sku, name, price: toAmount(price), currency };
      await this.events.append(tx, { type: 'product.created', resourceId, details });
      return product;
    });
  }

  /**
   * What is not sent gets its default, but for `in_stock` where the stock is tracked: that stays.
   * @throws Problem `duplicate_sku`, `precondition_failed`, `conflict` for another `in_stock` than the stock says
   */
  replaceProduct(id: string, dto: CreateProductDto, versions: Precondition): Promise<Product> {
    return this.change(id, async (tx) =>
      this.announce(tx, await this.products.replace(tx, id, versions, dto)),
    );
  }

  /**
   * What is not sent stays.
   * @throws Problem `duplicate_sku`, `precondition_failed`, `conflict` for `in_stock` where the stock is tracked
   */
  updateProduct(id: string, dto: UpdateProductDto, versions: Precondition): Promise<Product> {
    return this.change(id, async (tx) => this.announce(tx, await this.products.patch(tx, id, versions, dto)));
  }

  /** Their stock is tracked from now on, and this is what it says; to be called by who holds their stock levels. */
  async trackStock(tx: EntityManager, inStock: ReadonlyMap<string, boolean>): Promise<void> {
    await this.products.trackStock(tx, inStock);
    this.transactions.afterCommit(tx, () => this.cache.forget(...inStock.keys()));
  }

  /** For whoever changes many products in a transaction, by statements of its own. */
  announceBulkChange(tx: EntityManager): void {
    this.transactions.afterCommit(tx, () => this.cache.forgetAll());
  }

  /** Takes the product away; its sku is free again. @throws Problem `precondition_failed` */
  async deleteProduct(id: string, versions: Precondition): Promise<void> {
    await this.change(id, async (tx) => {
      await this.products.table.softDelete(tx, { id, versions });
      this.transactions.afterCommit(tx, () => this.cache.forget(id));
      await this.events.append(tx, { type: 'product.deleted', resourceId: id });
    });
  }

  /** A refused change may have met a newer version than the one in memory: the next read must show it. */
  private async change<T>(id: string, work: (tx: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await this.transactions.run(work);
    } catch (error) {
      this.cache.forget(id);
      throw error;
    }
  }

  /** Writes the event of a change, unless everything is as it was. */
  private async announce(tx: EntityManager, change: Change<Product>): Promise<Product> {
    const { id } = change.after;
    this.transactions.afterCommit(tx, () => this.cache.forget(id));
    const changes = this.products.table.changesOf(change);
    if (Object.keys(changes).length > 0)
      await this.events.append(tx, { type: 'product.updated', resourceId: id, changes });
    return change.after;
  }
}
