import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Config } from '../../../config/index.js';
import { OnSchedule } from '../jobs/job.decorators.js';

/**
 * Keeps the tables of the event log, one for each month: this one and the next two are there, and those older than
 * `EVENT_RETENTION_DAYS` go. What comes while there is no table for it, goes into one for all of that.
 */
@Injectable()
export class EventPartitionsService implements OnApplicationBootstrap {
  private readonly logger = new Logger(EventPartitionsService.name);

  constructor(
    private readonly config: Config,
    private readonly dataSource: DataSource,
  ) {}

  /** After months without the service, the next job would be too late for what comes before it. */
  async onApplicationBootstrap(): Promise<void> {
    await this.keepPartitions().catch((error: unknown) =>
      this.logger.warn({ err: error, msg: 'The tables of the event log are looked after later' }),
    );
  }

  @OnSchedule('events.keep_partitions', '41 2 * * *')
  async keepPartitions(): Promise<void> {
    const changes = await this.dataSource.query<{ change: string }[]>(
      'SELECT keep_events_partitions($1) AS change',
      [this.config.events.retentionDays],
    );
    for (const { change } of changes) this.logger.log(`Event log: ${change}`);
  }
}
