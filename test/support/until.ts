import { setTimeout as sleep } from 'node:timers/promises';

/** Only what hangs takes so long; a slow machine does not. */
export const PATIENCE_MS = 120_000;

/** Waits until the condition holds, and returns what it found. */
export async function until<T>(
  condition: () => T | Promise<T>,
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await condition();
    if (found) return found as Exclude<T, false | null | undefined>;
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${condition.toString()}`);
    await sleep(10);
  }
}
