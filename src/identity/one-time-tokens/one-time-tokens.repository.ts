import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { OneTimeToken } from './one-time-token.entity.js';
import type { TokenPurpose } from './one-time-token.entity.js';

/** A token that a client presents: nobody's, unless a row has all of it. */
export interface PresentedToken {
  readonly id: string;
  readonly purpose: TokenPurpose;
  readonly tokenHash: Buffer;
}

type Bearer = Pick<OneTimeToken, 'id' | 'userId' | 'email'>;

const BEARER = 'id, user_id AS "userId", email';
const PRESENTED = 'id = $1 AND purpose = $2 AND token_hash = $3 AND expires_at > $4';

@Injectable()
export class OneTimeTokensRepository {
  constructor(@InjectRepository(OneTimeToken) private readonly tokens: Repository<OneTimeToken>) {}

  async insert(tx: EntityManager, token: OneTimeToken): Promise<void> {
    await tx.insert(OneTimeToken, token);
  }

  /** How many there are that are still valid, and when the newest of them was made. */
  async countOf(tx: EntityManager, userId: string, purpose: TokenPurpose, now: Date) {
    const [row] = await tx.query<{ count: number; newest: Date | null }[]>(
      `SELECT count(*)::int AS count, max(created_at) AS newest FROM one_time_tokens
       WHERE user_id = $1 AND purpose = $2 AND expires_at > $3`,
      [userId, purpose, now],
    );
    return row ?? { count: 0, newest: null };
  }

  /** Begins the life of a token that goes out now. Null if there is none (any more). */
  async startLife(id: string, now: Date, changes: { tokenHash: Buffer; expiresAt: Date }) {
    const [rows] = await this.tokens.query<[Bearer[], number]>(
      `UPDATE one_time_tokens SET token_hash = $3, expires_at = $4 WHERE id = $1 AND expires_at > $2 RETURNING ${BEARER}`,
      [id, now, changes.tokenHash, changes.expiresAt],
    );
    return rows[0] ?? null;
  }

  /** Deletes the token, so that of simultaneous uses one finds it. */
  async take(
    tx: EntityManager,
    { id, purpose, tokenHash }: PresentedToken,
    now: Date,
  ): Promise<Bearer | null> {
    const [rows] = await tx.query<[Bearer[], number]>(
      `DELETE FROM one_time_tokens WHERE ${PRESENTED} RETURNING ${BEARER}`,
      [id, purpose, tokenHash, now],
    );
    return rows[0] ?? null;
  }

  /** Counts an attempt before it is made, so that simultaneous ones cannot exceed the limit. */
  async countAttempt(
    { id, purpose, tokenHash }: PresentedToken,
    now: Date,
    limit: number,
  ): Promise<Bearer | null> {
    const [rows] = await this.tokens.query<[Bearer[], number]>(
      `UPDATE one_time_tokens SET attempts = attempts + 1 WHERE ${PRESENTED} AND attempts < $5 RETURNING ${BEARER}`,
      [id, purpose, tokenHash, now, limit],
    );
    return rows[0] ?? null;
  }

  async deleteOf(tx: EntityManager, userId: string, purpose: TokenPurpose): Promise<void> {
    await tx.delete(OneTimeToken, { userId, purpose });
  }

  /** @returns how many there were, at most `limit` */
  async deleteExpired(now: Date, limit: number): Promise<number> {
    const [, deleted] = await this.tokens.query<[unknown[], number]>(
      `DELETE FROM one_time_tokens WHERE id IN (SELECT id FROM one_time_tokens WHERE expires_at <= $1 LIMIT $2)`,
      [now, limit],
    );
    return deleted;
  }
}
