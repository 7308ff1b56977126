import type { Config } from '../../config/index.js';

const LOOK_EVERY_MS = 250;

/**
 * npm that is killed with -9 cannot pass that on. A service that it started, and that has lost it, stops as if asked to, so
 * that the next `npm start` finds port and data free.
 */
export function stopWithNpm({ startedByNpm }: Config): void {
  if (!startedByNpm) return;
  const npm = process.ppid;
  const look = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(look);
    process.kill(process.pid, 'SIGTERM');
  }, LOOK_EVERY_MS);
  look.unref();
}
