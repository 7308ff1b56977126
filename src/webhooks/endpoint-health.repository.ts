import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { DisabledReason } from './webhook-endpoint.entity.js';

export interface DisabledEndpoint {
  readonly id: string;
  readonly reason: DisabledReason;
}

const FAILING_AT_MOST = `interval '5 days'`;

/** Locks are taken in id order. The version stays: how it fares is no part of what clients change. */
const NOTE = `
  WITH endpoint AS (
    SELECT id FROM webhook_endpoints
    WHERE id = ANY($1) AND failing_since IS NOT NULL OR id = ANY($2) AND failing_since IS NULL
    ORDER BY id FOR NO KEY UPDATE
  )
  UPDATE webhook_endpoints SET failing_since = CASE WHEN id = ANY($1) THEN NULL ELSE now() END
  WHERE id IN (SELECT id FROM endpoint)`;

const DISABLE = `
  UPDATE webhook_endpoints SET is_active = false, disabled_reason = $2, version = version + 1, updated_at = now()
  WHERE id = $1 AND is_active AND deleted_at IS NULL AND`;

/** How endpoints fare, as the delivery engine notes it. */
@Injectable()
export class EndpointHealthRepository {
  /** Some took something, others only failed. */
  async note(tx: EntityManager, succeeded: readonly string[], failed: readonly string[]): Promise<void> {
    await tx.query(NOTE, [succeeded, failed]);
  }

  /** Those of them that have been failing for too long. */
  async findGivenUp(tx: EntityManager, ids: readonly string[]): Promise<string[]> {
    const rows = await tx.query<{ id: string }[]>(
      `SELECT id FROM webhook_endpoints
       WHERE id = ANY($1) AND is_active AND failing_since < now() - ${FAILING_AT_MOST} ORDER BY id`,
      [ids],
    );
    return rows.map(({ id }) => id);
  }

  /** Whether it was active until now; with a URL, only if that still is its own. */
  async disable(tx: EntityManager, { id, reason }: DisabledEndpoint, url?: string): Promise<boolean> {
    const [, disabled] = await tx.query<[unknown[], number]>(`${DISABLE} ($3::text IS NULL OR url = $3)`, [
      id,
      reason,
      url ?? null,
    ]);
    return disabled === 1;
  }
}
