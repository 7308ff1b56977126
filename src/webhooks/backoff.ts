const FIRST_MS = 4000;
const FACTOR = 5;
const LONGEST_MS = 24 * 60 * 60 * 1000;
/** So that what failed together is not tried again together. */
const JITTER = 0.1;

/** How often a delivery is tried by itself: the last time after about three days. */
export const MAX_TRIES = 10;

/**
 * How long to wait after so many failures: about 4 s, 20 s, 2 min, 8 min, 42 min, 3.5 h, 17 h, then a day. Null: it is
 * given up.
 * @param random from 0 to 1
 */
export function waitAfter(tries: number, random = Math.random()): number | null {
  if (tries >= MAX_TRIES) return null;
  const wait = Math.min(FIRST_MS * FACTOR ** (tries - 1), LONGEST_MS);
  return Math.round(wait * (1 + JITTER * (2 * random - 1)));
}
