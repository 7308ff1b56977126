import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { JobRegistry } from './job-registry.js';

export interface JobOptions {
  /** Not before then; without it, at once. */
  readonly runAt?: Date;
  /** A job that waits under the same key is replaced by this one. */
  readonly key?: string;
  /** How often it is tried; 25 times, which is four days, unless given. */
  readonly maxAttempts?: number;
  /** Jobs of the same queue are done one after the other, wherever they run. */
  readonly queue?: string;
}

const ADD_JOB = `SELECT FROM graphile_worker.add_job($1, payload := $2::json, run_at := $3::timestamptz,
  max_attempts := $4::int, job_key := $5, queue_name := $6)`;

/** Work for later, kept in PostgreSQL. */
@Injectable()
export class JobQueue {
  constructor(private readonly registry: JobRegistry) {}

  /**
   * Adds a job in the caller's transaction: it exists if and when that commits. The payload is kept in the database
   * until the job is done, so no secret belongs in it.
   */
  async add(tx: EntityManager, name: string, payload: object, options: JobOptions = {}): Promise<void> {
    this.registry.assertHandled(name);
    const { runAt, maxAttempts, key, queue } = options;
    const values = [runAt, maxAttempts, key, queue].map((value) => value ?? null);
    await tx.query(ADD_JOB, [name, JSON.stringify(payload), ...values]);
  }
}
