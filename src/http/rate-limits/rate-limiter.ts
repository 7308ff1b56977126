import { Injectable } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { LRUCache } from 'lru-cache';

interface Window {
  hits: number;
  endsAt: number;
}

/** Callers that are remembered at once; beyond that the one who has been away longest is forgotten. */
const MAX_WINDOWS = 100_000;

/**
 * Counts requests in one fixed window for each key, in this process: one map access a request whatever the number of
 * callers, and bounded memory. (The library's own store keeps a timer for every hit.)
 */
@Injectable()
export class RateLimiter implements ThrottlerStorage {
  private readonly windows = new LRUCache<string, Window>({ max: MAX_WINDOWS });

  constructor(private readonly now: () => number = Date.now) {}

  increment(key: string, ttl: number, limit: number) {
    const now = this.now();
    let window = this.windows.get(key);
    if (!window || window.endsAt <= now) {
      window = { hits: 0, endsAt: now + ttl };
      this.windows.set(key, window);
    }
    window.hits += 1;
    const secondsLeft = Math.max(1, Math.ceil((window.endsAt - now) / 1000));
    return Promise.resolve({
      totalHits: window.hits,
      timeToExpire: secondsLeft,
      isBlocked: window.hits > limit,
      timeToBlockExpire: secondsLeft,
    });
  }
}
