/** How long requests in flight, the pool and the embedded database may take to finish. */
const PATIENCE_MS = 15_000;

/**
 * On the first SIGTERM or SIGINT runs the cleanups in order, as they are then, and exits 0; what hangs is cut off.
 * @returns aborted from that moment on
 */
export function stopOnSignals(cleanups: readonly (() => Promise<void>)[]): AbortSignal {
  const stopping = new AbortController();
  const stop = async () => {
    if (stopping.signal.aborted) return;
    stopping.abort();
    setTimeout(() => {
      process.stderr.write(`Stockroom did not stop within ${PATIENCE_MS / 1000} s, and is cut off.\n`);
      process.exit(1);
    }, PATIENCE_MS).unref();
    for (const cleanup of cleanups) await cleanup();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      stop().catch((error: unknown) => {
        process.stderr.write(`Stockroom did not stop cleanly: ${String(error)}\n`);
        process.exit(1);
      });
    });
  }
  return stopping.signal;
}
