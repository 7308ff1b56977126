import type { Logger } from '@nestjs/common';
import type { Job, TaskList } from 'graphile-worker';
import { runInContext } from '../../http/context/request-context.js';
import type { JobHandler } from './job-registry.js';

/** The handlers as graphile-worker calls them: each in a context of its own, with a line in the log when it ends. */
export function toTasks(handlers: ReadonlyMap<string, JobHandler<never>>, logger: Logger): TaskList {
  const tasks: TaskList = {};
  for (const [name, handler] of handlers) {
    tasks[name] = (payload, { job, abortSignal }) =>
      runInContext(async () => {
        const startedAt = performance.now();
        try {
          await handler(payload as never, { signal: abortSignal });
          logger.debug(`Job ${name} done in ${Math.round(performance.now() - startedAt)} ms`);
        } catch (error) {
          reportFailure(logger, name, job, error);
          throw error;
        }
      });
  }
  return tasks;
}

/** Without the payload, which may say who somebody is. */
function reportFailure(logger: Logger, name: string, job: Job, error: unknown): void {
  const { attempts, max_attempts: maxAttempts } = job;
  const attempt = `Job ${name} failed, attempt ${attempts} of ${maxAttempts}`;
  if (attempts >= maxAttempts) logger.error({ err: error, msg: `${attempt}: it is given up` });
  else logger.warn({ err: error, msg: `${attempt}, next in ${secondsUntilRetry(attempts)} s` });
}

/** As graphile-worker computes it: 3 s after the first attempt, 6 hours after the tenth and all later ones. */
const secondsUntilRetry = (attempts: number): number => Math.round(Math.exp(Math.min(attempts, 10)));
