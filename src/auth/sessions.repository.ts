import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, MoreThan, Not, Repository } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { hashSecret } from './refresh-token.js';
import type { RefreshToken } from './refresh-token.js';
import { Session } from './session.entity.js';

/** A use of a refresh token. */
export interface Rotation {
  readonly used: RefreshToken;
  /** What replaces it. */
  readonly next: RefreshToken;
  readonly now: Date;
  readonly idleSince: Date;
  /** How long after it was replaced the token may be used again; a repetition does not prolong it. */
  readonly graceSeconds: number;
}

@Injectable()
export class SessionsRepository {
  constructor(@InjectRepository(Session) private readonly sessions: Repository<Session>) {}

  async insert(session: Session): Promise<void> {
    await this.sessions.insert(session);
  }

  /**
   * Replaces the refresh token in one statement: of simultaneous uses of one token the row lock lets one win, and the
   * others find it replaced.
   */
  async rotate({
    used,
    next,
    now,
    idleSince,
    graceSeconds,
  }: Rotation): Promise<Pick<Session, 'userId' | 'createdAt'> | null> {
    const [rows] = await this.sessions.query<[Pick<Session, 'userId' | 'createdAt'>[], number]>(
      `UPDATE sessions
       SET secret_hash = $4, previous_secret_hash = $3,
         last_used_at = CASE WHEN secret_hash = $3 THEN $5 ELSE last_used_at END
       WHERE id = $1 AND family_hash = $2 AND ended_at IS NULL AND expires_at > $5 AND last_used_at > $6
         AND (secret_hash = $3 OR ($7 > 0 AND previous_secret_hash = $3 AND last_used_at > $5 - $7 * interval '1 second'))
       RETURNING user_id AS "userId", created_at AS "createdAt"`,
      [
        used.sessionId,
        hashSecret(used.family),
        hashSecret(used.secret),
        hashSecret(next.secret),
        now,
        idleSince,
        graceSeconds,
      ],
    );
    return rows[0] ?? null;
  }

  /** Ends the session of a genuine token, whichever of its tokens it is. Returns whether it was still running. */
  async end(id: string, familyHash: Buffer, now: Date): Promise<boolean> {
    const { affected } = await this.sessions.update({ id, familyHash, endedAt: IsNull() }, { endedAt: now });
    return affected === 1;
  }

  async endOthers(tx: EntityManager, userId: string, keptId: string, now: Date): Promise<void> {
    await tx.update(Session, { userId, id: Not(keptId), endedAt: IsNull() }, { endedAt: now });
  }

  async endedSince(since: Date): Promise<string[]> {
    const rows = await this.sessions.find({ select: { id: true }, where: { endedAt: MoreThan(since) } });
    return rows.map(({ id }) => id);
  }
}
