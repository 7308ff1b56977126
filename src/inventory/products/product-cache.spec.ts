import { describe, expect, it, vi } from 'vitest';
import type { Config } from '../../../config/index.js';
import type { PgListener } from '../../platform/database/pg-listener.js';
import type { Metrics } from '../../platform/telemetry/metrics.js';
import { ProductCache } from './product-cache.js';
import type { Product } from './product.entity.js';

function cacheOf(size: number) {
  const notifications = { isCurrent: () => true } as unknown as PgListener;
  const metrics = { counter: () => ({ inc: () => undefined }) } as unknown as Metrics;
  return new ProductCache(notifications, { productCacheSize: size } as Config, metrics);
}

/** Asks for these products, one after the other, and tells which ones had to be read. */
async function readsOf(cache: ProductCache, ...ids: string[]): Promise<string[]> {
  const read = vi.fn<(id: string) => Promise<Product>>((id) => Promise.resolve({ id } as Product));
  for (const id of ids) await cache.get(id, () => read(id));
  return read.mock.calls.map(([id]) => id);
}

describe('ProductCache', () => {
  it('keeps as many products as it may, and those that are asked for', async () => {
    const cache = cacheOf(2);
    expect(await readsOf(cache, 'a', 'b', 'a', 'c', 'a', 'c', 'b')).toEqual(['a', 'b', 'c', 'b']);
  });

  it('loses nothing to changes of products that it does not hold', async () => {
    const cache = cacheOf(2);
    await readsOf(cache, 'a', 'b');
    cache.forget('b', 'x', 'y', 'z');
    expect(await readsOf(cache, 'a', 'b')).toEqual(['b']);
  });

  it('keeps nothing if its size is 0', async () => {
    const cache = cacheOf(0);
    expect(await readsOf(cache, 'a', 'a')).toEqual(['a', 'a']);
    cache.forget('a');
    cache.forgetAll();
  });
});
