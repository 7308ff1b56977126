import { Injectable } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';

interface Window {
  hits: number;
  endsAt: number;
}

/** Callers that are remembered at once; beyond that the oldest window is forgotten. */
const MAX_WINDOWS = 100_000;

/**
 * Counts requests in one fixed window for each key, in this process: one map access a request whatever the number of
 * callers, and bounded memory. (The library's own store keeps a timer for every hit.)
 */
@Injectable()
export class RateLimiter implements ThrottlerStorage {
  private readonly windows = new Map<string, Window>();

  constructor(private readonly now: () => number = Date.now) {}

  increment(key: string, ttl: number, limit: number) {
    const now = this.now();
    let window = this.windows.get(key);
    if (!window || window.endsAt <= now) {
      window = this.open(key, now + ttl);
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

  private open(key: string, endsAt: number): Window {
    // Deleting first moves the key to the young end of the map.
    this.windows.delete(key);
    if (this.windows.size >= MAX_WINDOWS) {
      const [oldest] = this.windows.keys();
      if (oldest !== undefined) this.windows.delete(oldest);
    }
    const window = { hits: 0, endsAt };
    this.windows.set(key, window);
    return window;
  }
}
