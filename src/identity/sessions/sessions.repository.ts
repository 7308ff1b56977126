import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, MoreThan, Not, Repository } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { sortsOf } from '../../platform/database/entity-columns.js';
import { Keyset } from '../../platform/database/keyset.js';
import type { Page, PageQuery } from '../../http/pages/page.js';
import { hashSecret } from './refresh-token.js';
import type { RefreshToken } from './refresh-token.js';
import { Session } from './session.entity.js';
import { sessionsValidFrom, userWithPassword } from '../users/user-access.sql.js';

/** How long a session lasts without a refresh, and in any case. */
export const IDLE_DAYS = 30;
export const ABSOLUTE_DAYS = 90;

/** A use of a refresh token. */
export interface Rotation {
  readonly used: RefreshToken;
  /**
   * What replaces it: the first, unless it was replaced already by one of the others, as an instance that signs with
   * another key would do.
   */
  readonly next: readonly RefreshToken[];
  readonly now: Date;
  /** How long after it was replaced the token may be used again; a repetition does not prolong it. */
  readonly graceSeconds: number;
}

export type ListedSession = Pick<Session, 'id' | 'ip' | 'userAgent' | 'createdAt' | 'lastUsedAt'>;
type RotatedSession = Pick<Session, 'id' | 'userId' | 'createdAt' | 'secondFactor' | 'secretHash'>;

const LISTED = `id, ip, user_agent AS "userAgent", created_at AS "createdAt", last_used_at AS "lastUsedAt"`;

const SORTS = sortsOf(Session);

@Injectable()
export class SessionsRepository {
  constructor(
    @InjectRepository(Session) private readonly sessions: Repository<Session>,
    private readonly keyset: Keyset,
  ) {}

  /**
   * Adds the session of an account that still is as it was when its credential was checked: with that password, and
   * active. A change that is under way is waited for, and one that comes later finds the session and ends it.
   * @returns whether it still is
   */
  async insert(tx: EntityManager, session: Session, passwordHash: string | null): Promise<boolean> {
    const rows = await tx.query<unknown[]>(
      `INSERT INTO sessions (id, user_id, family_hash, secret_hash, second_factor, ip, user_agent,
         created_at, last_used_at, expires_at)
       SELECT $1, id, $3, $4, $5, $6, $7, $8, $8, $9 FROM (${userWithPassword('$2', '$10')}) AS owner
       RETURNING id`,
      [
        session.id,
        session.userId,
        session.familyHash,
        session.secretHash,
        session.secondFactor,
        session.ip,
        session.userAgent,
        session.createdAt,
        session.expiresAt,
        passwordHash,
      ],
    );
    return rows.length === 1;
  }

  /**
   * Replaces the refresh token in one statement: of simultaneous uses of one token the row lock lets one win, and the
   * others find it replaced.
   */
  async rotate({ used, next, now, graceSeconds }: Rotation): Promise<RotatedSession | null> {
    const [rows] = await this.sessions.query<[RotatedSession[], number]>(
      `UPDATE sessions
       SET secret_hash = CASE WHEN secret_hash = $3 THEN ($4::bytea[])[1] ELSE secret_hash END,
         previous_secret_hash = $3,
         last_used_at = CASE WHEN secret_hash = $3 THEN $5 ELSE last_used_at END,
         expires_at = CASE WHEN secret_hash = $3
           THEN LEAST($5 + interval '${IDLE_DAYS} days', created_at + interval '${ABSOLUTE_DAYS} days')
           ELSE expires_at END
       WHERE id = $1 AND family_hash = $2 AND ended_at IS NULL AND expires_at > $5
         AND (secret_hash = $3 OR ($6 > 0 AND previous_secret_hash = $3 AND secret_hash = ANY($4::bytea[])
           AND last_used_at > $5 - $6 * interval '1 second'))
       RETURNING id, user_id AS "userId", created_at AS "createdAt", second_factor AS "secondFactor",
         secret_hash AS "secretHash"`,
      [
        used.sessionId,
        hashSecret(used.family),
        hashSecret(used.secret),
        next.map(({ secret }) => hashSecret(secret)),
        now,
        graceSeconds,
      ],
    );
    return rows[0] ?? null;
  }

  /** Ends the session of a genuine refresh token, whichever of its tokens it is. Returns whose it was, if it was running. */
  async endByFamily(tx: EntityManager, id: string, familyHash: Buffer, now: Date): Promise<string | null> {
    const [rows] = await tx.query<[{ user_id: string }[], number]>(
      'UPDATE sessions SET ended_at = $3 WHERE id = $1 AND family_hash = $2 AND ended_at IS NULL RETURNING user_id',
      [id, familyHash, now],
    );
    return rows[0]?.user_id ?? null;
  }

  /** Returns whether the user had such a session, and it was running. */
  async end(tx: EntityManager, userId: string, id: string, now: Date): Promise<boolean> {
    const target = { id, userId, endedAt: IsNull(), expiresAt: MoreThan(now) };
    const { affected } = await tx.update(Session, target, { endedAt: now });
    return affected === 1;
  }

  /** Ends all sessions of the user but one (null: without exception). */
  async endOthers(tx: EntityManager, userId: string, keptId: string | null, now: Date): Promise<void> {
    const others = keptId === null ? {} : { id: Not(keptId) };
    await tx.update(Session, { userId, endedAt: IsNull(), ...others }, { endedAt: now });
  }

  /** The running sessions of the user. */
  page(userId: string, query: PageQuery, now: Date): Promise<Page<ListedSession>> {
    return this.keyset.page<ListedSession>((sql, parameters) => this.sessions.query(sql, parameters), {
      list: `sessions of ${userId}`,
      select: `SELECT ${LISTED} FROM sessions`,
      filters: {
        conditions: [
          'user_id = $1 AND ended_at IS NULL AND expires_at > $2',
          `created_at >= (${sessionsValidFrom('$1')})`,
        ],
        parameters: [userId, now],
      },
      sorts: SORTS,
      query: { ...query, sort: '-created_at' },
    });
  }

  async endedSince(since: Date): Promise<string[]> {
    const rows = await this.sessions.find({ select: { id: true }, where: { endedAt: MoreThan(since) } });
    return rows.map(({ id }) => id);
  }

  /** Deletes some of the sessions that expired or ended before. Returns how many. */
  async deleteOver(expiredBefore: Date, endedBefore: Date, limit: number): Promise<number> {
    const [, deleted] = await this.sessions.query<[unknown[], number]>(
      `DELETE FROM sessions WHERE id IN (
         (SELECT id FROM sessions WHERE expires_at < $1 LIMIT $3)
         UNION ALL (SELECT id FROM sessions WHERE ended_at < $2 LIMIT $3)
         LIMIT $3)`,
      [expiredBefore, endedBefore, limit],
    );
    return deleted;
  }
}
