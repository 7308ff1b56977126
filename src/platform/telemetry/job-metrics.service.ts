import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Metrics } from './metrics.js';

/** Jobs that nobody does although they could be done, and those that were given up. */
const MEASURE = `
  SELECT count(*) FILTER (WHERE is_due)::int AS stockroom_jobs_due,
    coalesce(extract(epoch FROM now() - min(run_at) FILTER (WHERE is_due)), 0)::float8 AS stockroom_jobs_oldest_due_seconds,
    count(*) FILTER (WHERE attempts >= max_attempts)::int AS stockroom_jobs_given_up
  FROM (
    SELECT *, locked_at IS NULL AND attempts < max_attempts AND run_at <= now() AS is_due FROM graphile_worker.jobs
  ) AS jobs`;

const HELPS = {
  stockroom_jobs_due: 'Jobs that wait although they could be done',
  stockroom_jobs_oldest_due_seconds: 'How long the oldest of them waits',
  stockroom_jobs_given_up: 'Jobs that failed too often',
};

/** How deep and how old the job queue is. */
@Injectable()
export class JobMetrics {
  constructor(metrics: Metrics, dataSource: DataSource) {
    metrics.gauges(HELPS, async () => {
      const [measured] = await dataSource.query<[Record<keyof typeof HELPS, number>]>(MEASURE);
      return measured;
    });
  }
}
