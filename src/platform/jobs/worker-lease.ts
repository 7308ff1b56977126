import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@nestjs/common';
import pg from 'pg';

/** The first half of the advisory lock of a worker that lives; the second is a hash of its id. */
const LEASE = 1_954_310;

const HOLD = 'SELECT pg_advisory_lock_shared($1, hashtext($2))';

/** Workers that have taken jobs, but hold no lease. */
const LOST_WORKERS = `
  SELECT DISTINCT locked_by AS id FROM graphile_worker._private_jobs
  WHERE locked_by IS NOT NULL AND NOT EXISTS (
    SELECT FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 2 AND classid::bigint = $1
      AND objid::bigint = hashtext(locked_by)::bigint & 4294967295
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  )`;

const LOOK_EVERY_MS = 15_000;
const RECONNECT_MS = 1000;
const SILENCE_MS = 5000;

/**
 * Shows that a worker lives, by a lock that PostgreSQL frees when its process is gone, and gives back what workers
 * without one had taken. graphile-worker itself would leave the jobs of a killed process alone for four hours.
 */
export class WorkerLease {
  private readonly released = new AbortController();
  private readonly end = once(this.released.signal, 'abort');
  private readonly holding: Promise<void>;

  constructor(
    private readonly options: pg.ClientConfig,
    private readonly workerId: string,
    private readonly logger: Logger,
    private readonly lookEveryMs = LOOK_EVERY_MS,
  ) {
    this.holding = this.keepHolding();
  }

  async release(): Promise<void> {
    this.released.abort();
    await this.holding;
  }

  private async keepHolding(): Promise<void> {
    while (!this.released.signal.aborted) {
      await this.hold().catch((error: unknown) =>
        this.logger.debug({ err: error, msg: 'The lease of a worker is lost; taking it again' }),
      );
      await this.pause(RECONNECT_MS);
    }
  }

  private async hold(): Promise<void> {
    const client = new pg.Client({ ...this.options, query_timeout: SILENCE_MS });
    const broken = new Promise<never>((_resolve, reject) => client.on('error', reject));
    try {
      await Promise.race([this.watchOthers(client), broken, this.end]);
    } finally {
      // Without waiting for the answer: the other side may be gone.
      client.end().catch(() => undefined);
    }
  }

  /** Besides holding the own lease. A worker whose connection broke has until the next look to take its lease again. */
  private async watchOthers(client: pg.Client): Promise<void> {
    await client.connect();
    await client.query(HOLD, [LEASE, this.workerId]);
    let suspects = new Set<string>();
    while (!this.released.signal.aborted) {
      const { rows } = await client.query<{ id: string }>(LOST_WORKERS, [LEASE]);
      const lost = rows.map(({ id }) => id);
      const dead = lost.filter((id) => suspects.has(id));
      if (dead.length > 0) {
        await client.query('SELECT graphile_worker.force_unlock_workers($1)', [dead]);
        this.logger.warn('Jobs of a worker that is gone are run again');
      }
      suspects = new Set(lost);
      await this.pause(this.lookEveryMs);
    }
  }

  private async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.released.signal }).catch(() => undefined);
  }
}
