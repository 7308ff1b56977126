import { setTimeout as sleep } from 'node:timers/promises';

const AFTER_FAILURE_MS = 1000;

export interface Pace {
  /** From the end of one round to the next one, at least: what comes meanwhile is done together. */
  readonly restMs: number;
  /** And, unless it is woken, at most. */
  readonly everyMs: number;
  /** Instead of the rest, after a round that failed. */
  readonly afterFailureMs?: number;
}

/** Work that is done in rounds, one after the other: soon after somebody wakes it, else from time to time. */
export class Loop {
  private woken = new AbortController();
  private isStopped = false;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly round: () => Promise<void>,
    private readonly pace: Pace,
    /** Told of the first failure of several in a row. */
    private readonly onFailure: (error: unknown) => void,
  ) {}

  start(): void {
    this.running = this.run();
  }

  wake(): void {
    this.woken.abort();
  }

  /** After the round that is going on. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.wake();
    await this.running;
  }

  private async run(): Promise<void> {
    const { restMs, everyMs, afterFailureMs = AFTER_FAILURE_MS } = this.pace;
    let isFailing = false;
    while (!this.isStopped) {
      // Who wakes it from here on, during the round, wants another one.
      this.woken = new AbortController();
      const { signal } = this.woken;
      try {
        await this.round();
        isFailing = false;
      } catch (error) {
        if (!isFailing) this.onFailure(error);
        isFailing = true;
      }
      await sleep(isFailing ? afterFailureMs : restMs);
      // Also where it was stopped, and thereby woken, meanwhile.
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
