import { afterAll, vi } from 'vitest';

/** Files share a worker: what one of them replaced is put back before the next one runs. */
afterAll(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.useRealTimers();
});
