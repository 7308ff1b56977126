import { Presets, SingleBar } from 'cli-progress';
import { remark } from './output.js';

/** How far a command has come. */
export interface Progress {
  update(done: number, total?: number): void;
  stop(): void;
}

/** A bar where somebody looks at a terminal, else a line for each tenth: for logs, and for screen readers. */
export function showProgress(what: string, total: number): Progress {
  return process.stderr.isTTY ? barOf(what, total) : linesOf(what, total);
}

function barOf(what: string, total: number): Progress {
  const format = `${what} {bar} {percentage} % | {value}/{total} | {duration_formatted}`;
  const bar = new SingleBar(
    { format, stream: process.stderr, clearOnComplete: false },
    Presets.shades_classic,
  );
  bar.start(total, 0);
  return {
    update: (done, newTotal) => {
      if (newTotal !== undefined) bar.setTotal(newTotal);
      bar.update(done);
    },
    stop: () => bar.stop(),
  };
}

function linesOf(what: string, total: number): Progress {
  let of = total;
  let told = 0;
  return {
    update: (done, newTotal) => {
      of = newTotal ?? of;
      const tenth = of === 0 ? 0 : Math.floor((10 * done) / of);
      if (tenth <= told) return;
      told = tenth;
      remark(`${what}: ${done} of ${of} (${tenth * 10} %)`);
    },
    stop: () => undefined,
  };
}
