import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ApiKeysRepository } from './api-keys.repository.js';
import { KeyUsageService } from './key-usage.service.js';

const touch = vi.fn<(id: string) => Promise<void>>();
let usage: KeyUsageService;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  touch.mockReset().mockResolvedValue();
  usage = new KeyUsageService({ touch } as unknown as ApiKeysRepository);
});
afterEach(() => {
  vi.useRealTimers();
});

describe('KeyUsageService', () => {
  it('tries to note the uses of a key once a minute', () => {
    for (let second = 0; second < 180; second += 1) {
      usage.note('k1');
      if (second === 100) usage.note('k2');
      vi.advanceTimersByTime(1000);
    }
    expect(touch.mock.calls.map(([id]) => id)).toEqual(['k1', 'k1', 'k2', 'k1']);
  });

  it('logs a failure, keeps it from everybody else, and tries again in a minute', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    touch.mockRejectedValue(new Error('connection lost'));
    usage.note('k1');
    await usage.onApplicationShutdown();
    expect(warn.mock.calls).toEqual([
      [expect.objectContaining({ msg: expect.stringContaining('k1') as string })],
    ]);
    usage.note('k1');
    expect(touch).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(61_000);
    usage.note('k1');
    expect(touch).toHaveBeenCalledTimes(2);
    await usage.onApplicationShutdown();
    warn.mockRestore();
  });

  it('stops only when everything is written', async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    touch.mockReturnValue(promise);
    usage.note('k1');
    let stopped = false;
    const stopping = usage.onApplicationShutdown().then(() => (stopped = true));
    await new Promise(setImmediate);
    expect(stopped).toBe(false);
    resolve(undefined);
    await stopping;
    expect(stopped).toBe(true);
  });
});
