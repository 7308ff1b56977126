import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { Sql } from '../../platform/database/sql.js';
import { Attempt } from './attempt.entity.js';

/** The keys of what is counted. */
export interface AttemptKeys {
  readonly address: Buffer;
  /** Null where an attempt is about no account. */
  readonly account: Buffer | null;
  /** By which the two are known to belong together. */
  readonly accountAtAddress: Buffer | null;
}

export interface TakenAttempt {
  readonly hits: number;
  readonly secondsLeft: number;
}

/** What has ended is of no use an hour later: strikes count for a quarter of it. */
const OLD_ATTEMPTS = `resets_at < now() - interval '1 hour'`;
const OLD_ADDRESSES = `expires_at < now()`;

@Injectable()
export class AttemptsRepository {
  constructor(
    private readonly sql: Sql,
    @InjectRepository(Attempt) private readonly attempts: Repository<Attempt>,
  ) {}

  /** The address's budget, then the account's unless the first one refuses. The times are those of the database. */
  take({ address, account, accountAtAddress }: AttemptKeys, limit: number): Promise<TakenAttempt[]> {
    return this.sql.prepared<TakenAttempt>(
      'take-attempts',
      `SELECT taken AS hits, seconds_left AS "secondsLeft" FROM take_attempts($1, $2, $3, $4)`,
      [address, account, accountAtAddress, limit],
    );
  }

  /** For 90 days from now. Most sign-ins find a row that is less than a day old, and then nothing is written. */
  async remember(accountAtAddress: Buffer): Promise<void> {
    await this.sql.prepared(
      'remember-address',
      `INSERT INTO known_addresses (key, expires_at) SELECT $1::bytea, now() + interval '90 days' WHERE NOT EXISTS
         (SELECT FROM known_addresses WHERE key = $1 AND expires_at > now() + interval '89 days')
       ON CONFLICT ON CONSTRAINT known_addresses_pkey DO UPDATE SET expires_at = excluded.expires_at`,
      [accountAtAddress],
    );
  }

  /** Deletes at most so many rows of each kind that count no more. Returns how many. */
  async deleteOld(atMost: number): Promise<number> {
    const attempts = await this.deleteWhere('attempts', 'resets_at', OLD_ATTEMPTS, atMost);
    const addresses = await this.deleteWhere('known_addresses', 'expires_at', OLD_ADDRESSES, atMost);
    return attempts + addresses;
  }

  /** A row that somebody is using at this moment is not old. */
  private async deleteWhere(table: string, order: string, old: string, atMost: number): Promise<number> {
    const [, count] = await this.attempts.query<[unknown[], number]>(
      `DELETE FROM ${table} WHERE key IN
         (SELECT key FROM ${table} WHERE ${old} ORDER BY ${order} LIMIT $1 FOR UPDATE SKIP LOCKED)`,
      [atMost],
    );
    return count;
  }
}
