import { describe, expect, it } from 'vitest';
import { MAX_TRIES, waitAfter } from './backoff.js';

const waits = (random: number) =>
  Array.from({ length: MAX_TRIES - 1 }, (_, n) => waitAfter(n + 1, random) ?? NaN);
const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
const HOUR_MS = 3_600_000;

describe('waitAfter', () => {
  it('grows from seconds to a day', () => {
    expect(waits(0.5)).toEqual([
      4000, 20_000, 100_000, 500_000, 2_500_000, 12_500_000, 62_500_000, 86_400_000, 86_400_000,
    ]);
  });

  it('tries again within 5 seconds, and for about three days, whatever the jitter', () => {
    for (const random of [0, 0.5, 1]) {
      expect(waits(random)[0]).toBeLessThan(4500);
      expect(sum(waits(random)) / HOUR_MS).toBeGreaterThan(60);
      expect(sum(waits(random)) / HOUR_MS).toBeLessThan(78);
    }
  });

  it('spreads what failed together', () => {
    expect(waitAfter(1, 0)).toBe(3600);
    expect(waitAfter(1, 1)).toBe(4400);
  });

  it('ends', () => {
    expect(waitAfter(MAX_TRIES)).toBeNull();
  });
});
