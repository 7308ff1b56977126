import { SetMetadata } from '@nestjs/common';

export const JOB = 'stockroom:job';

export interface JobDeclaration {
  readonly name: string;
  /** For a job that nobody adds: when it runs, in UTC. */
  readonly cron?: string;
}

/**
 * On a method of a provider: it does the jobs of this name, with `(payload, context)`.
 * @example @OnJob('password_resets.send')
 */
export const OnJob = (name: string): MethodDecorator => SetMetadata(JOB, { name } satisfies JobDeclaration);

/**
 * On a method of a provider: it runs whenever the UTC time matches, on one of the instances, with `(context)`.
 * @example @OnSchedule('sessions.remove_expired', '17 * * * *')
 */
export const OnSchedule = (name: string, cron: string): MethodDecorator =>
  SetMetadata(JOB, { name, cron } satisfies JobDeclaration);
