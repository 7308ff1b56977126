import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, MoreThan, Not, Repository } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Session } from './session.entity.js';

/** The hashes of a presented refresh token, and of the one that replaces it. */
export interface Rotation {
  readonly sessionId: string;
  readonly familyHash: Buffer;
  readonly secretHash: Buffer;
  readonly nextSecretHash: Buffer;
  readonly now: Date;
  readonly idleSince: Date;
  /** The token before the last is accepted if the last rotation is younger than this. */
  readonly graceSince: Date;
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
  async rotate(rotation: Rotation): Promise<Pick<Session, 'userId' | 'createdAt'> | null> {
    const [rows] = await this.sessions.query<[Pick<Session, 'userId' | 'createdAt'>[], number]>(
      `UPDATE sessions
       SET secret_hash = $4, previous_secret_hash = secret_hash, last_used_at = $5
       WHERE id = $1 AND family_hash = $2 AND ended_at IS NULL AND expires_at > $5 AND last_used_at > $6
         AND (secret_hash = $3 OR (previous_secret_hash = $3 AND last_used_at > $7))
       RETURNING user_id AS "userId", created_at AS "createdAt"`,
      [
        rotation.sessionId,
        rotation.familyHash,
        rotation.secretHash,
        rotation.nextSecretHash,
        rotation.now,
        rotation.idleSince,
        rotation.graceSince,
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
