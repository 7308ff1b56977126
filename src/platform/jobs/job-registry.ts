import { Injectable } from '@nestjs/common';
import { parseCronItem } from 'graphile-worker';
import type { ParsedCronItem } from 'graphile-worker';

export interface JobContext {
  /** Aborted when the service stops: what takes long then ends by throwing, and is run again later. */
  readonly signal: AbortSignal;
}

/**
 * What a job does. One that throws is run again later; one that was interrupted may be run again, too, although it had
 * its effect.
 */
export type JobHandler<P extends object> = (payload: P, context: JobContext) => Promise<void>;

/** What this service can do in the background: what features declare by `@OnJob` and `@OnSchedule`. */
@Injectable()
export class JobRegistry {
  private readonly handlers = new Map<string, JobHandler<never>>();
  private readonly schedules: ParsedCronItem[] = [];
  private sealed = false;

  /** @example registry.handle<Payload>('password_resets.send', (payload) => this.sendMail(payload)) */
  handle<P extends object>(name: string, handler: JobHandler<P>): void {
    if (this.sealed)
      throw new Error(`The job ${name} is registered too late: declare it with @OnJob or @OnSchedule`);
    if (this.handlers.has(name)) throw new Error(`Two handlers for the job ${name}`);
    this.handlers.set(name, handler);
  }

  /**
   * Runs it whenever the UTC time matches, on one of the instances; times at which none was up are skipped.
   * @example registry.schedule('sessions.remove_expired', '17 * * * *', () => this.removeExpired())
   */
  schedule(name: string, cron: string, handler: (context: JobContext) => Promise<void>): void {
    // By its key, the next time takes the place of one that still fails.
    const options = { backfillPeriod: 0, jobKey: name };
    const schedule = parseCronItem({ task: name, match: cron, identifier: name, options }, name);
    this.handle(name, (_payload, context) => handler(context));
    this.schedules.push(schedule);
  }

  assertHandled(name: string): void {
    if (!this.handlers.has(name)) throw new Error(`Nobody handles the job ${name}`);
  }

  /** Everything that was given; from now on, nothing can be added. */
  seal(): { handlers: ReadonlyMap<string, JobHandler<never>>; schedules: ParsedCronItem[] } {
    this.sealed = true;
    return { handlers: this.handlers, schedules: this.schedules };
  }
}
