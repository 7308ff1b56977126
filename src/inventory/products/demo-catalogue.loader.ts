import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { DEMO_CATALOGUE } from './demo-catalogue.js';
import { Product } from './product.entity.js';
import { ProductsRepository } from './products.repository.js';

const HOUR_MS = 60 * 60 * 1000;

/** Fills a catalogue that never held anything, so that a fresh development service has something to show. */
@Injectable()
export class DemoCatalogueLoader {
  constructor(private readonly products: ProductsRepository) {}

  /** Returns how many products it made. */
  async loadIntoEmpty(): Promise<number> {
    if (!(await this.products.isEmpty())) return 0;
    const now = Date.now();
    const products = DEMO_CATALOGUE.map((item, index) => {
      const msecs = now - (DEMO_CATALOGUE.length - index) * 7 * HOUR_MS;
      return Object.assign(new Product(), item, {
        id: uuidv7({ msecs }),
        createdAt: new Date(msecs),
        updatedAt: new Date(msecs),
      });
    });
    await this.products.insertMany(products);
    return products.length;
  }
}
