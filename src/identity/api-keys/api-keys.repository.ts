import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { EntityManager } from 'typeorm';
import type { Role } from '../../../config/scopes.js';
import { sortsOf } from '../../platform/database/entity-columns.js';
import { Keyset } from '../../platform/database/keyset.js';
import type { Page, PageQuery } from '../../http/pages/page.js';
import { Sql } from '../../platform/database/sql.js';
import type { Precondition } from '../../http/responses/precondition.js';
import { ApiKey } from './api-key.entity.js';
import { accessOfUser, lockedActiveUser } from '../users/user-access.sql.js';

export type ListedApiKey = Pick<
  ApiKey,
  'id' | 'name' | 'scopes' | 'expiresAt' | 'lastUsedAt' | 'createdAt' | 'version'
>;

/** What it takes to check a key, and whom it acts for. */
export type UsableApiKey = Pick<ApiKey, 'id' | 'userId' | 'scopes' | 'secretHash' | 'expiresAt'> & {
  role: Role;
  emailVerified: boolean;
};

const COLUMNS = `id, name, scopes, expires_at AS "expiresAt", last_used_at AS "lastUsedAt", created_at AS "createdAt", version`;

const USABLE = `
  SELECT id, user_id AS "userId", scopes, secret_hash AS "secretHash", expires_at AS "expiresAt",
    role, email_verified AS "emailVerified"
  FROM api_keys, LATERAL (${accessOfUser('api_keys.user_id')}) AS owner
  WHERE id = $1 AND revoked_at IS NULL`;

const SORTS = sortsOf(ApiKey);

@Injectable()
export class ApiKeysRepository {
  constructor(
    @InjectRepository(ApiKey) private readonly keys: Repository<ApiKey>,
    private readonly keyset: Keyset,
    private readonly sql: Sql,
  ) {}

  /** Not the revoked ones, nor those of an owner who is inactive or deleted; but those that have expired. */
  async findUsable(id: string): Promise<UsableApiKey | null> {
    const [key] = await this.sql.prepared<UsableApiKey>('api_key', USABLE, [id]);
    return key ?? null;
  }

  async findOwned(
    userId: string,
    id: string,
    tx: EntityManager = this.keys.manager,
  ): Promise<ListedApiKey | null> {
    const sql = `SELECT ${COLUMNS} FROM api_keys WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL`;
    const [key] = await tx.query<ListedApiKey[]>(sql, [id, userId]);
    return key ?? null;
  }

  /** The keys of the user that are not revoked. */
  page(userId: string, query: PageQuery): Promise<Page<ListedApiKey>> {
    return this.keyset.page<ListedApiKey>((sql, parameters) => this.keys.query(sql, parameters), {
      list: `api keys of ${userId}`,
      select: `SELECT ${COLUMNS} FROM api_keys`,
      filters: { conditions: ['user_id = $1 AND revoked_at IS NULL'], parameters: [userId] },
      sorts: SORTS,
      query: { ...query, sort: '-created_at' },
    });
  }

  /** Until the end of the transaction nobody else adds a key. Returns whether there is such a user, who is active. */
  async lockOwner(tx: EntityManager, userId: string): Promise<boolean> {
    return (await tx.query<unknown[]>(lockedActiveUser('$1'), [userId])).length === 1;
  }

  /** A key that is not revoked, and will not be until the end of the transaction. */
  async lock(tx: EntityManager, id: string): Promise<Pick<ApiKey, 'expiresAt'> | null> {
    const [key] = await tx.query<Pick<ApiKey, 'expiresAt'>[]>(
      'SELECT expires_at AS "expiresAt" FROM api_keys WHERE id = $1 AND revoked_at IS NULL FOR SHARE',
      [id],
    );
    return key ?? null;
  }

  async count(tx: EntityManager, userId: string): Promise<number> {
    const [row] = await tx.query<{ keys: number }[]>(
      'SELECT count(*)::int AS keys FROM api_keys WHERE user_id = $1 AND revoked_at IS NULL',
      [userId],
    );
    return row?.keys ?? 0;
  }

  async insert(tx: EntityManager, key: ApiKey): Promise<void> {
    await tx.insert(ApiKey, key);
  }

  /**
   * Also revokes the keys that were made with it, and with those: who got hold of one for a while must not stay. Returns
   * them all if the user had the key in an accepted version.
   */
  async revoke(
    tx: EntityManager,
    { userId, id, versions }: { userId: string; id: string; versions: Precondition },
    now: Date,
  ): Promise<ListedApiKey[]> {
    const [rows] = await tx.query<[ListedApiKey[], number]>(
      `WITH RECURSIVE family AS (
         SELECT id FROM api_keys WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL
         UNION ALL
         SELECT child.id FROM api_keys child JOIN family ON child.made_with = family.id
         WHERE child.user_id = $2 AND child.revoked_at IS NULL
       )
       UPDATE api_keys SET revoked_at = $3, version = version + 1
       WHERE id IN (SELECT id FROM family) AND revoked_at IS NULL
         AND (id <> $1 OR $4::int[] IS NULL OR version = ANY ($4))
       RETURNING ${COLUMNS}`,
      [id, userId, now, versions === 'any' ? null : versions],
    );
    return rows.some((row) => row.id === id) ? rows : [];
  }

  /** Notes a use, unless one was noted within the last minute, by whichever instance. */
  async touch(id: string): Promise<void> {
    await this.sql.prepared(
      'api_key_use',
      `UPDATE api_keys SET last_used_at = now(), version = version + 1
       WHERE id = $1 AND revoked_at IS NULL
         AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`,
      [id],
    );
  }
}
