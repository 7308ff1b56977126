import { randomInt } from 'node:crypto';

process.env['TEST_SEED'] ??= String(randomInt(2 ** 31));

/** What all random choices of a run come from: TEST_SEED, or one that is drawn for each run. */
export const SEED = Number(process.env['TEST_SEED']);

/** Numbers from 0 to 1 as Math.random() gives them, but the same ones for the same seed (the generator is mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
