import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { MoreThan, Repository } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { IdempotencyKey } from './idempotency-key.entity.js';

@Injectable()
export class IdempotencyKeysRepository {
  constructor(@InjectRepository(IdempotencyKey) private readonly keys: Repository<IdempotencyKey>) {}

  /** Whether somebody carries the key out at this moment; the probe itself lets go of the lock at once. */
  async isLocked(keyHash: Buffer): Promise<boolean> {
    return !(await this.tryLock(this.keys.manager, keyHash));
  }

  /** The sealed answer of the key, unless it has expired. */
  async findAnswer(keyHash: Buffer, tx: EntityManager = this.keys.manager): Promise<string | null> {
    const where = { keyHash, expiresAt: MoreThan(new Date()) };
    const row = await tx.findOne(IdempotencyKey, { select: { sealedAnswer: true }, where });
    return row?.sealedAnswer ?? null;
  }

  /** Until the transaction ends. Whoever finds it taken is told at once: a unique index would make them wait. */
  async tryLock(tx: EntityManager, keyHash: Buffer): Promise<boolean> {
    const sql = 'SELECT pg_try_advisory_xact_lock($1) AS locked';
    const [row] = await tx.query<{ locked: boolean }[]>(sql, [keyHash.readBigInt64BE().toString()]);
    return row?.locked === true;
  }

  /** In place of one that has expired. */
  async save(tx: EntityManager, { keyHash, sealedAnswer, expiresAt }: IdempotencyKey): Promise<void> {
    await tx.query(
      `INSERT INTO idempotency_keys (key_hash, sealed_answer, expires_at) VALUES ($1, $2, $3)
       ON CONFLICT ON CONSTRAINT idempotency_keys_pkey
       DO UPDATE SET sealed_answer = excluded.sealed_answer, expires_at = excluded.expires_at`,
      [keyHash, sealedAnswer, expiresAt],
    );
  }

  /** Deletes some of those that have expired. Returns how many. */
  async deleteExpired(limit: number): Promise<number> {
    const [, deleted] = await this.keys.query<[unknown[], number]>(
      `DELETE FROM idempotency_keys WHERE key_hash IN
         (SELECT key_hash FROM idempotency_keys WHERE expires_at < now() ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)`,
      [limit],
    );
    return deleted;
  }
}
