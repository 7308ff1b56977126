import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { JobDiscovery } from './job-discovery.js';
import { JobQueue } from './job-queue.js';
import { JobRegistry } from './job-registry.js';
import { JobRunner } from './job-runner.js';

/** The job queue inside PostgreSQL, and what works it off. */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [JobRegistry, JobDiscovery, JobQueue, JobRunner],
  exports: [JobRegistry, JobQueue],
})
export class JobsModule {}
