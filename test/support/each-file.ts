import 'reflect-metadata';
import fc from 'fast-check';
import { afterAll, vi } from 'vitest';
import { SEED } from './seed.js';

fc.configureGlobal({ seed: SEED });

// Files share a worker: what one of them replaced is put back before the next one runs.
afterAll(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.useRealTimers();
});
