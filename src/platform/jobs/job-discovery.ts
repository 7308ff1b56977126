import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { JobRegistry } from './job-registry.js';
import type { JobContext } from './job-registry.js';
import { JOB } from './job.decorators.js';
import type { JobDeclaration } from './job.decorators.js';

type Method = (...args: unknown[]) => Promise<void>;

/** Finds the methods that `@OnJob` and `@OnSchedule` declare, and registers them. */
@Injectable()
export class JobDiscovery implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
    private readonly registry: JobRegistry,
  ) {}

  onModuleInit(): void {
    // A provider under two tokens is one.
    const instances = new Set(this.discovery.getProviders().map(({ instance }): unknown => instance));
    for (const instance of instances) {
      if (typeof instance !== 'object' || instance === null) continue;
      for (const name of this.scanner.getAllMethodNames(Object.getPrototypeOf(instance) as object))
        this.register(instance as Record<string, Method>, name);
    }
  }

  private register(instance: Record<string, Method>, method: string): void {
    const handler = instance[method];
    const job = handler && this.reflector.get<JobDeclaration | undefined>(JOB, handler);
    if (!handler || !job) return;
    if (job.cron === undefined)
      this.registry.handle(job.name, (payload, context) => handler.call(instance, payload, context));
    else this.registry.schedule(job.name, job.cron, (context: JobContext) => handler.call(instance, context));
  }
}
