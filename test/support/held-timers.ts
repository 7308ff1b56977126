import { syncBuiltinESMExports } from 'node:module';
import promises from 'node:timers/promises';
import { vi } from 'vitest';

const A_DAY = 24 * 60 * 60 * 1000;

interface HeldTimers {
  /** How many wait so long at this moment. */
  waiting(ms: number): number;
  /** Ends the waits of this length that are going on. */
  fire(ms: number): void;
  /** To be called when the test is over: what still waits is forgotten. */
  restore(): void;
}

/**
 * From now on, waits of exactly these lengths end when the test says so, and not before; all others are left alone. So a
 * test neither waits for the service's patience, nor loses its own race against it on a slow machine.
 */
export function holdTimers(...lengths: number[]): HeldTimers {
  const held = new Map<unknown, { ms: number; end: () => void }>();
  const { setTimeout: start, clearTimeout: clear } = globalThis;
  const sleep: (ms: number, value?: unknown, options?: object) => Promise<unknown> = promises.setTimeout;
  const spies = [
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((
      run: (...args: unknown[]) => void,
      ms = 0,
      ...args: unknown[]
    ) => {
      if (!lengths.includes(ms)) return start(run, ms, ...args);
      const timer = start(() => undefined, A_DAY).unref();
      held.set(timer, { ms, end: () => run(...args) });
      return timer;
    }) as typeof setTimeout),
    vi.spyOn(globalThis, 'clearTimeout').mockImplementation((timer) => {
      held.delete(timer);
      clear(timer);
    }),
    vi
      .spyOn(promises, 'setTimeout')
      .mockImplementation((ms = 0, value?: unknown, options: { signal?: AbortSignal } = {}) => {
        if (!lengths.includes(ms) || options.signal?.aborted) return sleep(ms, value, options);
        return new Promise<unknown>((resolve, reject) => {
          const key = {};
          held.set(key, { ms, end: () => resolve(value) });
          const abort = () => {
            held.delete(key);
            reject(new Error('The wait was aborted'));
          };
          options.signal?.addEventListener('abort', abort, { once: true });
        });
      }),
  ];
  // For those who import it by its name.
  syncBuiltinESMExports();
  return {
    waiting: (ms) => [...held.values()].filter((timer) => timer.ms === ms).length,
    fire: (ms) => {
      for (const [key, timer] of [...held]) {
        if (timer.ms !== ms) continue;
        held.delete(key);
        timer.end();
      }
    },
    restore: () => {
      for (const spy of spies) spy.mockRestore();
      syncBuiltinESMExports();
      for (const key of held.keys())
        if (key instanceof Object && 'unref' in key) clear(key as NodeJS.Timeout);
    },
  };
}
