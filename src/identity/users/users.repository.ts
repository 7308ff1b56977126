import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Keyset } from '../../platform/database/keyset.js';
import type { Sorts } from '../../platform/database/keyset.js';
import type { Page } from '../../http/pages/page.js';
import { softDeleteVersion, updateVersion } from '../../platform/database/versioned-rows.js';
import type { AcceptedVersions } from '../../platform/database/versioned-rows.js';
import { FEW_HITS, filtersOf, patternsOf } from './user-filters.js';
import type { Patterns } from './user-filters.js';
import type { ListUsersQuery } from './user.dto.js';
import { User } from './user.entity.js';
import type { UserAccess } from './user.entity.js';

const COLUMNS = `id, email, full_name AS "fullName", role, is_active AS "isActive", email_verified AS "emailVerified", created_at AS "createdAt", updated_at AS "updatedAt", version`;

const SORTS: Sorts<User> = {
  created_at: { column: 'created_at', type: 'timestamptz', read: (user) => user.createdAt },
};

@Injectable()
export class UsersRepository {
  constructor(
    @InjectRepository(User) private readonly users: Repository<User>,
    private readonly keyset: Keyset,
  ) {}

  findById(id: string, tx: EntityManager = this.users.manager): Promise<User | null> {
    return tx.findOneBy(User, { id });
  }

  /** The user as it is, which it then stays until the end of the transaction. */
  lock(tx: EntityManager, id: string): Promise<User | null> {
    return tx.findOne(User, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  findByEmail(email: string): Promise<User | null> {
    return this.users
      .createQueryBuilder('user')
      .where('lower(user.email) = lower(:email)', { email })
      .getOne();
  }

  /** Whose role, activity, existence or the like has changed since; the deleted are among them. */
  accessChangedSince(since: Date): Promise<UserAccess[]> {
    return this.users.query<UserAccess[]>(
      `SELECT id, role, is_active AS "isActive", deleted_at IS NOT NULL AS "isDeleted",
        email_verified AS "emailVerified", version,
        floor(extract(epoch FROM sessions_valid_from) * 1000)::float8 AS "sessionsValidFrom"
       FROM users WHERE access_changed_at > $1`,
      [since],
    );
  }

  /** Unless it was replaced meanwhile; not a change that clients see. */
  async rehash(id: string, from: string, to: string): Promise<void> {
    await this.users.query('UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2', [
      id,
      from,
      to,
    ]);
  }

  async page(query: ListUsersQuery): Promise<Page<User>> {
    const filters = filtersOf(query, query.q === undefined ? undefined : await this.searchFor(query.q));
    return this.keyset.page<User>((sql, parameters) => this.users.query(sql, parameters), {
      list: 'users',
      select: `SELECT ${COLUMNS} FROM ${filters.source}`,
      filters,
      sorts: SORTS,
      query,
    });
  }

  async insert(user: User, tx: EntityManager = this.users.manager): Promise<void> {
    await tx.insert(User, user);
  }

  /** The user after the change, or null if there is none in an accepted version. */
  update(
    tx: EntityManager,
    id: string,
    versions: AcceptedVersions,
    changes: Partial<User>,
  ): Promise<User | null> {
    return updateVersion(tx, User, COLUMNS, { id, versions }, changes);
  }

  async softDelete(tx: EntityManager, id: string): Promise<void> {
    await softDeleteVersion(tx, User, { id, versions: 'any' });
  }

  /** Locks the active administrators, in id order, so that two requests cannot each take away the other's last one. */
  async lockActiveAdminIds(tx: EntityManager): Promise<string[]> {
    const rows = await tx.query<{ id: string }[]>(
      `SELECT id FROM users WHERE role = 'admin' AND is_active AND deleted_at IS NULL ORDER BY id FOR UPDATE`,
    );
    return rows.map(({ id }) => id);
  }

  /** Counts no further than what makes a difference. */
  private async searchFor(q: string): Promise<{ patterns: Patterns; fewHits: boolean }> {
    const patterns = patternsOf(q);
    const sql = `SELECT count(*)::int AS hits FROM users_like($1, $2, ${FEW_HITS + 1})`;
    const [row] = await this.users.query<{ hits: number }[]>(sql, [...patterns]);
    return { patterns, fewHits: (row?.hits ?? 0) <= FEW_HITS };
  }
}
