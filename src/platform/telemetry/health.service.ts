import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Problem } from '../../http/problems/problem.js';
import { pendingMigrations } from '../database/migrations.js';

/** Whether the service can do its work. */
@Injectable()
export class HealthService implements BeforeApplicationShutdown {
  private stopping = false;

  constructor(private readonly dataSource: DataSource) {}

  /** @throws Problem `unavailable` */
  async assertReady(): Promise<void> {
    if (this.stopping) throw new Problem('unavailable', 'The service is stopping.');
    const pending = await pendingMigrations(this.dataSource);
    if (pending.length > 0) {
      throw new Problem('unavailable', `The database lacks ${pending.length} migrations of this version.`);
    }
  }

  /** The first thing of a shutdown: load balancers look here. */
  beforeApplicationShutdown(): void {
    this.stopping = true;
  }
}
