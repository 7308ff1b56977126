import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Config } from '../../../config/index.js';
import { PgListener } from '../../platform/database/pg-listener.js';
import { Metrics } from '../../platform/telemetry/metrics.js';
import type { Product } from './product.entity.js';

/** How much of what others committed may be missing: an instance that has not heard for so long does not believe its cache. */
const UNHEARD_MS = 1000;
/** What the database announces in place of more ids than it wants to list. */
const ALL = '*';

/**
 * Products that were read, as they are now: the database announces each change, and what this instance changes itself it
 * forgets before it answers. `PRODUCT_CACHE_SIZE` bounds it; 0 turns it off.
 */
@Injectable()
export class ProductCache implements OnModuleInit {
  /** Null if it is turned off. */
  private readonly products: LRUCache<string, Product> | null;
  /** Counts what was heard: a reading that began before a change may have seen the product of before. */
  private changes = 0;
  private readonly outcomes;

  constructor(
    private readonly listener: PgListener,
    { productCacheSize: max }: Config,
    metrics: Metrics,
  ) {
    this.products = max === 0 ? null : new LRUCache({ max });
    this.outcomes = metrics.counter('stockroom_product_cache_total', 'Reads of one product, by outcome', [
      'outcome',
    ]);
  }

  onModuleInit(): void {
    this.listener.listen('products', {
      onPayload: (payload) => {
        if (payload === ALL) this.forgetAll();
        else this.forget(...payload.split(','));
      },
      // What was announced before is lost.
      onConnect: () => {
        this.forgetAll();
        return Promise.resolve();
      },
    });
  }

  /** The product from memory, else as the reading finds it. */
  async get(id: string, read: () => Promise<Product | null>): Promise<Product | null> {
    if (!this.products || !this.listener.isCurrent(UNHEARD_MS)) return read();
    const known = this.products.get(id);
    this.outcomes.inc({ outcome: known ? 'hit' : 'miss' });
    if (known) return known;
    const { changes } = this;
    const product = await read();
    if (product && changes === this.changes) this.products.set(id, product);
    return product;
  }

  forget(...ids: string[]): void {
    this.changes += 1;
    for (const id of ids) this.products?.delete(id);
  }

  forgetAll(): void {
    this.changes += 1;
    this.products?.clear();
  }
}
