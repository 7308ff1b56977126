import { describe, expect, it } from 'vitest';
import { RateLimiter } from './rate-limiter.js';

const MINUTE_MS = 60_000;

function limiterAt(start: number) {
  let now = start;
  const limiter = new RateLimiter(() => now);
  return {
    hit: (key: string, limit = 3) => limiter.increment(key, MINUTE_MS, limit),
    wait: (ms: number) => (now += ms),
  };
}

describe('RateLimiter', () => {
  it('lets exactly as many requests pass as the limit says', async () => {
    const { hit } = limiterAt(0);
    const hits = [await hit('a'), await hit('a'), await hit('a'), await hit('a'), await hit('a')];
    expect(hits.map(({ isBlocked }) => isBlocked)).toEqual([false, false, false, true, true]);
    expect(hits.map(({ totalHits }) => totalHits)).toEqual([1, 2, 3, 4, 5]);
  });

  it('counts each key by itself', async () => {
    const { hit } = limiterAt(0);
    for (let count = 0; count < 4; count += 1) await hit('a');
    expect((await hit('b')).isBlocked).toBe(false);
  });

  it('tells the seconds until the window ends, rounded up', async () => {
    const { hit, wait } = limiterAt(0);
    expect((await hit('a')).timeToExpire).toBe(60);
    wait(1);
    expect((await hit('a')).timeToExpire).toBe(60);
    wait(59_998);
    expect((await hit('a')).timeToExpire).toBe(1);
  });

  it('begins anew when the window has ended, whatever was refused in it', async () => {
    const { hit, wait } = limiterAt(0);
    for (let count = 0; count < 10; count += 1) await hit('a');
    wait(MINUTE_MS - 1);
    expect((await hit('a')).isBlocked).toBe(true);
    wait(1);
    expect(await hit('a')).toMatchObject({ isBlocked: false, totalHits: 1, timeToExpire: 60 });
  });

  it('forgets the oldest window, not a busy one, when there are too many', async () => {
    const { hit, wait } = limiterAt(0);
    await hit('old');
    wait(1);
    for (let count = 0; count < 100_000; count += 1) await hit(`caller ${count}`);
    expect((await hit('old')).totalHits).toBe(1);
    expect((await hit('caller 99999')).totalHits).toBe(2);
  });
});
