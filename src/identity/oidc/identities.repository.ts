import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Identity } from './identity.entity.js';
import { deletedUser, userWithVerifiedEmail } from '../users/user-access.sql.js';

/** As the provider names somebody. */
export type Subject = Pick<Identity, 'issuer' | 'subject'>;

@Injectable()
export class IdentitiesRepository {
  constructor(@InjectRepository(Identity) private readonly identities: Repository<Identity>) {}

  async findUserId({ issuer, subject }: Subject): Promise<string | null> {
    const identity = await this.identities.findOneBy({ issuer, subject });
    return identity?.userId ?? null;
  }

  /**
   * Adds an identity of an account that still has this address, verified. A change that is under way is waited for.
   * @returns whether it still has
   */
  async insert(
    tx: EntityManager,
    { issuer, subject, userId, createdAt }: Identity,
    email: string,
  ): Promise<boolean> {
    const rows = await tx.query<unknown[]>(
      `INSERT INTO identities (issuer, subject, user_id, created_at)
       SELECT $1, $2, id, $4 FROM (${userWithVerifiedEmail('$3', '$5')}) AS owner
       RETURNING user_id`,
      [issuer, subject, userId, createdAt, email],
    );
    return rows.length === 1;
  }

  /** Whose account is deleted, comes as somebody new. */
  async deleteOfDeletedUser(tx: EntityManager, { issuer, subject }: Subject): Promise<void> {
    await tx.query(
      `DELETE FROM identities WHERE issuer = $1 AND subject = $2 AND EXISTS (${deletedUser('user_id')})`,
      [issuer, subject],
    );
  }
}
