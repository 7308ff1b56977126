import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { ParsedCronItem, TaskList } from 'graphile-worker';
import { Config } from '../../../config/index.js';
import { connectionOptions, openPool } from './connection.js';
import { JobRegistry } from './job-registry.js';
import { toTasks } from './job-tasks.js';
import { CONCURRENCY, Worker } from './worker.js';
import { WorkerLease } from './worker-lease.js';

const RESTART_MS = 1000;
const CLOSE_MS = 500;

/** Works off the queue for as long as the application runs, whatever happens to the database meanwhile. */
@Injectable()
export class JobRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(JobRunner.name);
  private readonly stopping = new AbortController();
  private readonly stopped = once(this.stopping.signal, 'abort');
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly config: Config,
    private readonly registry: JobRegistry,
  ) {}

  onApplicationBootstrap(): void {
    const { handlers, schedules } = this.registry.seal();
    if (handlers.size > 0) this.running = this.keepWorking(toTasks(handlers, this.logger), schedules);
  }

  /** Before the connections close that jobs in flight need. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async keepWorking(tasks: TaskList, schedules: ParsedCronItem[]): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const error: unknown = await this.work(tasks, schedules).catch((reason: unknown) => reason);
      await this.pauseBeforeRestart(error);
    }
  }

  /** Until the application stops or the worker gives up. */
  private async work(tasks: TaskList, schedules: ParsedCronItem[]): Promise<void> {
    const options = connectionOptions(this.config);
    // One connection listens.
    const pool = openPool(options, CONCURRENCY + 1);
    const worker = new Worker(this.logger);
    try {
      await worker.start(pool, tasks, schedules);
      const lease = new WorkerLease(options, worker.id, this.logger);
      await Promise.race([worker.ending, this.stopped]);
      await worker.end();
      await lease.release();
    } finally {
      await Promise.race([pool.end(), sleep(CLOSE_MS, undefined, { ref: false })]);
    }
  }

  private async pauseBeforeRestart(error: unknown): Promise<void> {
    const { signal } = this.stopping;
    if (signal.aborted) return;
    this.logger.warn({ err: error, msg: 'The worker of the job queue ended; starting it again' });
    await sleep(RESTART_MS, undefined, { signal }).catch(() => undefined);
  }
}
