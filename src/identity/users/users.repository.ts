import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { EntityManager } from 'typeorm';
import type { Page } from '../../http/pages/page.js';
import type { ResourceTable } from '../../platform/database/resource-table.js';
import { ResourceTables } from '../../platform/database/resource-tables.js';
import { FEW_HITS, filtersOf, patternsOf } from './user-filters.js';
import type { Patterns } from './user-filters.js';
import type { ListUsersQuery } from './user.dto.js';
import { User } from './user.entity.js';
import type { UserAccess } from './user.entity.js';

@Injectable()
export class UsersRepository {
  readonly table: ResourceTable<User>;

  constructor(
    @InjectRepository(User) private readonly users: Repository<User>,
    tables: ResourceTables,
  ) {
    this.table = tables.of(User);
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
    const search = query.q === undefined ? undefined : await this.searchFor(query.q);
    return this.table.page(query, filtersOf(query, search));
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
