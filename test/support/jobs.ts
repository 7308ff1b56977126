import { Module } from '@nestjs/common';
import type { INestApplicationContext, LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { inject } from 'vitest';
import { ConfigModule, loadConfig } from '../../config/index.js';
import { DatabaseModule } from '../../src/platform/database/database.module.js';
import { JobQueue } from '../../src/platform/jobs/job-queue.js';
import type { JobOptions } from '../../src/platform/jobs/job-queue.js';
import { JobRegistry } from '../../src/platform/jobs/job-registry.js';
import { JobsModule } from '../../src/platform/jobs/jobs.module.js';
import { MailModule } from '../../src/platform/mail/mail.module.js';

export interface TestJobs {
  readonly context: INestApplicationContext;
  readonly dataSource: DataSource;
  readonly queue: JobQueue;
  /** In a transaction of its own. */
  add(name: string, payload?: object, options?: JobOptions): Promise<void>;
  close(): Promise<void>;
}

@Module({})
class TestModule {}

/** The queue and the mails of a service that has no other features than these jobs. */
export async function startJobs(
  databaseUrl: string,
  register: (registry: JobRegistry) => void,
  options: { environment?: NodeJS.ProcessEnv; logger?: LoggerService } = {},
): Promise<TestJobs> {
  const config = loadConfig({
    NODE_ENV: 'test',
    DATA_DIR: inject('dataDir'),
    DATABASE_URL: databaseUrl,
    // A slow machine is no reason for a test to meet the limit of statements.
    DATABASE_STATEMENT_TIMEOUT_MS: '60000',
    PUBLIC_URL: 'https://stock.example.com',
    ...options.environment,
  });
  const module = {
    module: TestModule,
    imports: [ConfigModule.forRoot(config), DatabaseModule, JobsModule, MailModule],
    providers: [{ provide: 'jobs', inject: [JobRegistry], useFactory: register }],
  };
  const { logger = false } = options;
  const context = await NestFactory.createApplicationContext(module, { logger, abortOnError: false });
  const dataSource = context.get(DataSource);
  const queue = context.get(JobQueue);
  return {
    context,
    dataSource,
    queue,
    add: (name, payload = {}, jobOptions) =>
      dataSource.transaction((tx) => queue.add(tx, name, payload, jobOptions)),
    close: () => context.close(),
  };
}

export interface JobRow {
  readonly name: string;
  readonly key: string | null;
  readonly payload: unknown;
  readonly attempts: number;
  readonly max_attempts: number;
  readonly run_at: Date;
  readonly last_error: string | null;
  readonly locked_by: string | null;
}

/** What is in the queue, oldest first; the expiry of orders, which always waits there for its next time, is left out. */
export async function jobsIn(dataSource: DataSource, leftOut = 'orders.expire'): Promise<JobRow[]> {
  return dataSource.query(
    `SELECT identifier AS name, key, payload, attempts, max_attempts, run_at, last_error, locked_by
     FROM graphile_worker._private_jobs AS jobs JOIN graphile_worker._private_tasks AS tasks ON tasks.id = task_id
     WHERE identifier <> $1 ORDER BY jobs.id`,
    [leftOut],
  );
}

/** Spares a test the wait for the next attempt of a job that failed. */
export async function runJobsNow(dataSource: DataSource): Promise<void> {
  await dataSource.query('UPDATE graphile_worker._private_jobs SET run_at = now() WHERE locked_at IS NULL');
  await dataSource.query(`SELECT pg_notify('jobs:insert', '{"count":10}')`);
}
