import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, MoreThan, Not, Repository } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { RecoveryCode } from './recovery-code.entity.js';
import { TwoStepSecret } from './two-step-secret.entity.js';

/** A code that fits a secret, as its use is stored. */
export interface FittingCode {
  readonly step: number;
  /** The secret as it is to be kept from now on. */
  readonly sealedSecret: string;
}

/** A secret as it was read: if it was replaced meanwhile, what fits it is worth nothing. */
export type ReadSecret = Pick<TwoStepSecret, 'userId' | 'sealedSecret' | 'createdAt'>;

/** Codes that may be tried at once; each further one has to wait for 1, 2, 4, 8, then 15 minutes since the one before. */
const FREE_TRIES = 10;
const NEXT_TRY_AT = `tried_at + least(2 ^ least(tries - ${FREE_TRIES}, 4), 15) * interval '1 minute'`;

@Injectable()
export class TwoStepRepository {
  constructor(
    @InjectRepository(TwoStepSecret) private readonly secrets: Repository<TwoStepSecret>,
    @InjectRepository(RecoveryCode) private readonly recoveryCodes: Repository<RecoveryCode>,
  ) {}

  findConfirmed(userId: string): Promise<TwoStepSecret | null> {
    return this.secrets.findOneBy({ userId, confirmedAt: Not(IsNull()) });
  }

  isConfirmed(userId: string): Promise<boolean> {
    return this.secrets.existsBy({ userId, confirmedAt: Not(IsNull()) });
  }

  findUnconfirmed(userId: string, since: Date): Promise<TwoStepSecret | null> {
    return this.secrets.findOneBy({ userId, confirmedAt: IsNull(), createdAt: MoreThan(since) });
  }

  /** Stores a new secret in the place of one that was not confirmed. @returns false where there is a confirmed one */
  async begin({ userId, sealedSecret, createdAt }: ReadSecret): Promise<boolean> {
    const rows = await this.secrets.query<unknown[]>(
      `INSERT INTO two_step_secrets AS secret (user_id, sealed_secret, created_at) VALUES ($1, $2, $3)
       ON CONFLICT (user_id) DO UPDATE SET sealed_secret = $2, created_at = $3 WHERE secret.confirmed_at IS NULL
       RETURNING user_id`,
      [userId, sealedSecret, createdAt],
    );
    return rows.length === 1;
  }

  async confirm(
    tx: EntityManager,
    { userId, createdAt }: ReadSecret,
    { step, sealedSecret }: FittingCode,
    now: Date,
  ): Promise<boolean> {
    const target = { userId, createdAt, confirmedAt: IsNull() };
    const values = { confirmedAt: now, lastStep: String(step), sealedSecret };
    return (await tx.update(TwoStepSecret, target, values)).affected === 1;
  }

  /** Counts a try before it is made, so that simultaneous ones cannot exceed the limit. @returns null if it must wait */
  async takeTry(userId: string): Promise<ReadSecret | null> {
    const [rows] = await this.secrets.query<[ReadSecret[], number]>(
      `UPDATE two_step_secrets SET tries = tries + 1, tried_at = now()
       WHERE user_id = $1 AND confirmed_at IS NOT NULL AND (tries < ${FREE_TRIES} OR ${NEXT_TRY_AT} <= now())
       RETURNING user_id AS "userId", sealed_secret AS "sealedSecret", created_at AS "createdAt"`,
      [userId],
    );
    return rows[0] ?? null;
  }

  /** How long the next try has to wait; null where there is nothing to try. */
  async secondsToWait(userId: string): Promise<number | null> {
    const [row] = await this.secrets.query<{ seconds: number }[]>(
      `SELECT greatest(1, ceil(extract(epoch FROM ${NEXT_TRY_AT} - now())))::int AS seconds
       FROM two_step_secrets WHERE user_id = $1 AND confirmed_at IS NOT NULL`,
      [userId],
    );
    return row?.seconds ?? null;
  }

  /** Uses a code up. The row lock lets one of simultaneous uses win; of codes, each must be younger than the last one. */
  async useStep({ userId, createdAt }: ReadSecret, { step, sealedSecret }: FittingCode): Promise<boolean> {
    const [, used] = await this.secrets.query<[unknown[], number]>(
      `UPDATE two_step_secrets SET last_step = $2, sealed_secret = $3, tries = 0
       WHERE user_id = $1 AND last_step < $2 AND created_at = $4 AND confirmed_at IS NOT NULL`,
      [userId, step, sealedSecret, createdAt],
    );
    return used === 1;
  }

  /** Makes changes of the recovery codes wait for each other. @returns whether there still is a confirmed secret */
  async lock(tx: EntityManager, userId: string): Promise<boolean> {
    const where = { userId, confirmedAt: Not(IsNull()) };
    return (await tx.findOne(TwoStepSecret, { where, lock: { mode: 'pessimistic_write' } })) !== null;
  }

  /** The recovery codes go with it. */
  async remove(tx: EntityManager, userId: string): Promise<boolean> {
    return (await tx.delete(TwoStepSecret, { userId, confirmedAt: Not(IsNull()) })).affected === 1;
  }

  countRecoveryCodes(userId: string): Promise<number> {
    return this.recoveryCodes.countBy({ userId });
  }

  async replaceRecoveryCodes(tx: EntityManager, userId: string, hashes: readonly Buffer[]): Promise<void> {
    await tx.delete(RecoveryCode, { userId });
    await tx.insert(
      RecoveryCode,
      hashes.map((codeHash) => ({ userId, codeHash })),
    );
  }

  /** Deletes the code, so that of simultaneous uses one finds it. */
  async takeRecoveryCode(tx: EntityManager, userId: string, codeHash: Buffer): Promise<boolean> {
    return (await tx.delete(RecoveryCode, { userId, codeHash })).affected === 1;
  }
}
