import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { toAmount, toDecimal, toMinorUnits } from '../money/money.js';
import type { Page } from '../../http/pages/page.js';
import { Problem } from '../../http/problems/problem.js';
import { Transactions } from '../../platform/database/transactions.js';
import type { AcceptedVersions, Change } from '../../platform/database/versioned-rows.js';
import { changesBetween } from '../../platform/events/changes.js';
import { EventLog } from '../../platform/events/event-log.js';
import type { CreateProductDto, ListProductsQuery, UpdateProductDto } from './product.dto.js';
import type { Product } from './product.entity.js';
import { ProductCache } from './product-cache.js';
import { ProductsRepository } from './products.repository.js';
import type { NewProduct } from './products.repository.js';

/** What an order keeps of a product, and needs to know of it. */
export type SoldProduct = Pick<
  Product,
  'id' | 'sku' | 'name' | 'price' | 'currency' | 'inStock' | 'stockTracked'
>;

const STOCK_DECIDES =
  'The stock of this product is tracked, so its stock movements decide in_stock. Leave it out, or move the stock.';

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
    return (await this.cache.get(id, () => this.products.findById(id))) ?? notFound();
  }

  /** Those of them that there are, as the database has them at this moment. */
  async findSold(ids: readonly string[]): Promise<Map<string, SoldProduct>> {
    const products = await this.products.findSold(ids);
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
      const product = await this.products.insert(tx, { id: uuidv7(), ...allFields(dto) });
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
  async replaceProduct(id: string, dto: CreateProductDto, versions: AcceptedVersions): Promise<Product> {
    const fields = { ...allFields(dto), inStock: dto.in_stock };
    const product = await this.transactions.run(async (tx) =>
      this.follow(tx, await this.products.replace(tx, id, versions, fields)),
    );
    return product ?? this.explainUnchanged(id, versions, dto);
  }

  /**
   * What is not sent stays.
   * @throws Problem `duplicate_sku`, `precondition_failed`, `conflict` for `in_stock` where the stock is tracked
   */
  async updateProduct(id: string, dto: UpdateProductDto, versions: AcceptedVersions): Promise<Product> {
    const fields = sentFields(dto);
    const product = await this.transactions.run(async (tx) =>
      Object.keys(fields).length === 0
        ? this.products.findVersion(tx, id, versions)
        : this.follow(tx, await this.products.patch(tx, id, versions, fields)),
    );
    return product ?? this.explainUnchanged(id, versions, dto);
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
  async deleteProduct(id: string, versions: AcceptedVersions): Promise<void> {
    const isDeleted = await this.transactions.run(async (tx) => {
      if (!(await this.products.softDelete(tx, id, versions))) return false;
      this.transactions.afterCommit(tx, () => this.cache.forget(id));
      await this.events.append(tx, { type: 'product.deleted', resourceId: id });
      return true;
    });
    if (!isDeleted) await this.explainUnchanged(id, versions);
  }

  /** What a change brings with it: the event, unless everything is as it was. */
  private async follow(tx: EntityManager, change: Change<Product> | null): Promise<Product | null> {
    if (!change) return null;
    const { before, after } = change;
    this.transactions.afterCommit(tx, () => this.cache.forget(after.id));
    const changes = changesBetween(fieldsOf(before), fieldsOf(after));
    if (Object.keys(changes).length > 0)
      await this.events.append(tx, { type: 'product.updated', resourceId: after.id, changes });
    return after;
  }

  /** No row was changed: there is none, or not in a version that the caller accepts, or its stock says something else. */
  private async explainUnchanged(
    id: string,
    versions: AcceptedVersions,
    sent: UpdateProductDto = {},
  ): Promise<never> {
    const { version } = (await this.products.findById(id)) ?? notFound();
    const isAccepted = versions === 'any' || versions.includes(version);
    if (isAccepted && sent.in_stock !== undefined) throw new Problem('conflict', STOCK_DECIDES);
    throw new Problem('precondition_failed');
  }
}

function allFields(dto: CreateProductDto): Omit<NewProduct, 'id'> {
  return {
    sku: dto.sku,
    name: dto.name,
    description: dto.description ?? null,
    price: toPrice(dto.price),
    currency: dto.currency ?? 'USD',
    inStock: dto.in_stock ?? true,
  };
}

function sentFields(dto: UpdateProductDto): Partial<Product> {
  return {
    ...(dto.sku !== undefined && { sku: dto.sku }),
    ...(dto.name !== undefined && { name: dto.name }),
    ...(dto.description !== undefined && { description: dto.description }),
    ...(dto.price !== undefined && { price: toPrice(dto.price) }),
    ...(dto.currency !== undefined && { currency: dto.currency }),
    ...(dto.in_stock !== undefined && { inStock: dto.in_stock }),
  };
}

/** What clients see, under the names by which they know it. */
function fieldsOf(product: Readonly<Partial<Record<keyof Product, unknown>>>) {
  const { sku, name, description, price, currency, inStock } = product;
  return { sku, name, description, price: Number(price), currency, in_stock: inStock };
}

/** The DTO has let nothing pass that is no amount of money. */
function toPrice(amount: number): string {
  const minorUnits = toMinorUnits(amount);
  if (minorUnits === null) throw new Problem('validation_failed');
  return toDecimal(minorUnits);
}

function notFound(): never {
  throw new Problem('not_found');
}
