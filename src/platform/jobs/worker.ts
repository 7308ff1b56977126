import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@nestjs/common';
import { Logger as GraphileLogger, run } from 'graphile-worker';
import type { ParsedCronItem, Runner, Task, TaskList, WorkerEvents, WorkerPool } from 'graphile-worker';
import type { Pool } from 'pg';

/** Jobs at the same time. */
export const CONCURRENCY = 4;

/** When the worker ends, jobs in flight may go on for so long; then their signal aborts, then they are given back. */
const TELL_MS = 3000;
const GIVE_BACK_MS = 4000;
const GIVEN_BACK_MS = 1000;

/** One life of graphile-worker, which gives up when it cannot write down how a job ended. */
export class Worker {
  /** Resolves when it takes no more jobs, whether it was told to end or gave up. */
  readonly ending: Promise<void>;
  private readonly events: WorkerEvents = new EventEmitter();
  private runner: Runner | undefined;
  private workers: WorkerPool | undefined;
  private inFlight = 0;
  private over = false;

  constructor(private readonly logger: Logger) {
    this.events.once('pool:create', ({ workerPool }) => {
      this.workers = workerPool;
    });
    this.ending = new Promise((resolve) => this.events.once('pool:gracefulShutdown', () => resolve()));
    this.endIfItNeverLooked();
  }

  /** What it signs the jobs with that it has taken. */
  get id(): string {
    return this.workers?.id ?? '';
  }

  async start(pgPool: Pool, tasks: TaskList, schedules: ParsedCronItem[]): Promise<void> {
    const options = {
      pgPool,
      schema: 'graphile_worker',
      concurrency: CONCURRENCY,
      events: this.events,
      logger: this.graphileLogger(),
      noHandleSignals: true,
      gracefulShutdownAbortTimeout: TELL_MS,
      // How a job ended is written down by a batch, if only of one: without it, a failure to do so would be an unhandled
      // rejection, and end the process.
      preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    };
    this.runner = await run(options, this.untilOver(tasks), schedules);
  }

  /** Lets jobs in flight finish, or gives them back to the queue; returns in time, whatever the database does. */
  async end(): Promise<void> {
    const { runner, workers } = this;
    if (!runner || !workers) return;
    // Refused where it is stopping by itself already.
    runner.stop().catch(() => undefined);
    const finished = workers.promise.catch(() => undefined);
    await Promise.race([finished, pause(GIVE_BACK_MS)]);
    this.over = true;
    if (this.inFlight === 0) return;
    const givenBack = Promise.resolve(workers.forcefulShutdown('The service stopped'));
    await Promise.race([givenBack.catch(() => undefined), pause(GIVEN_BACK_MS)]);
  }

  /**
   * Before its first look for jobs, graphile-worker asks once for the ids of its tasks, and keeps the answer even where
   * that is an error: this life would listen, and never take a job. It is ended when the same loop fails again, some
   * seconds later: at the moment of a broken connection, graphile-worker releases it twice if it is also told to stop.
   */
  private endIfItNeverLooked(): void {
    let hasLooked = false;
    const failed = new Set<string>();
    const looked = () => (hasLooked = true);
    this.events.once('job:start', looked).once('worker:getJob:empty', looked);
    this.events.on('worker:getJob:error', ({ worker }) => {
      if (hasLooked) return;
      if (!failed.has(worker.workerId)) return void failed.add(worker.workerId);
      hasLooked = true;
      Promise.resolve(worker.workerPool.gracefulShutdown()).catch(() => undefined);
    });
  }

  /** What becomes of a job after it was given back is nobody's business: graphile-worker must not hear of it. */
  private untilOver(tasks: TaskList): TaskList {
    const wrap =
      (task: Task): Task =>
      async (payload, helpers) => {
        this.inFlight += 1;
        try {
          await task(payload, helpers);
        } finally {
          this.inFlight -= 1;
          if (this.over) await new Promise(() => undefined);
        }
      };
    return Object.fromEntries(Object.entries(tasks).map(([name, task]) => [name, task && wrap(task)]));
  }

  /** What it says of single jobs, job-tasks.ts says with their context and without their payload. */
  private graphileLogger(): GraphileLogger {
    const levels = { error: 'warn', warning: 'warn', info: 'debug', debug: 'verbose' } as const;
    return new GraphileLogger(() => (level, message, meta) => {
      if (meta.success === undefined && meta.failure === undefined) this.logger[levels[level]](message);
    });
  }
}

const pause = (ms: number): Promise<void> => sleep(ms, undefined, { ref: false });
