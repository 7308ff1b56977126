import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { Config } from '../../../config/index.js';
import { BoundedMap } from '../../http/server/bounded-map.js';
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
  private products: BoundedMap<Product | null>;
  /** Counts what was heard: a reading that began before a change may have seen the product of before. */
  private changes = 0;
  private readonly outcomes;

  constructor(
    private readonly listener: PgListener,
    private readonly config: Config,
    metrics: Metrics,
  ) {
    this.products = this.empty();
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
    if (this.config.productCacheSize === 0 || !this.listener.isCurrent(UNHEARD_MS)) return read();
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
    // Only what is there: others must not be pushed out by what is not.
    for (const id of ids) if (this.products.get(id)) this.products.set(id, null);
  }

  forgetAll(): void {
    this.changes += 1;
    this.products = this.empty();
  }

  private empty(): BoundedMap<Product | null> {
    return new BoundedMap(this.config.productCacheSize);
  }
}
