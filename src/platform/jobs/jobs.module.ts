import { Global, Module } from '@nestjs/common';
import { JobQueue } from './job-queue.js';
import { JobRegistry } from './job-registry.js';
import { JobRunner } from './job-runner.js';

/** The job queue inside PostgreSQL, and what works it off. */
@Global()
@Module({ providers: [JobRegistry, JobQueue, JobRunner], exports: [JobRegistry, JobQueue] })
export class JobsModule {}
