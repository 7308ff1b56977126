import { Injectable } from '@nestjs/common';
import { generatedProduct } from './generated-catalogue.js';
import { ProductsRepository } from './products.repository.js';

const BATCH = 2000;
/** Batches at the database at once, so that more than one of its processors has work. */
const AT_ONCE = 2;

export interface GenerateOptions {
  readonly count: number;
  readonly seed: number;
  readonly onProgress: (done: number) => void;
}

/** Fills the catalogue with products for trials and measurements. */
@Injectable()
export class CatalogueGenerator {
  constructor(private readonly products: ProductsRepository) {}

  /** Makes the first `count` products of the seed's catalogue; those that are there already stay. Returns how many it made. */
  async generate({ count, seed, onProgress }: GenerateOptions): Promise<number> {
    let next = 0;
    let done = 0;
    let made = 0;
    const work = async () => {
      while (next < count) {
        const from = next;
        next = Math.min(count, from + BATCH);
        const batch = Array.from({ length: next - from }, (_, offset) =>
          generatedProduct(seed, from + offset),
        );
        const inserted = await this.products.insertMissing(batch);
        made += inserted;
        onProgress((done += batch.length));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return made;
  }
}
