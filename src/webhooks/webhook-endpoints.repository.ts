import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, Repository } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Keyset } from '../platform/database/keyset.js';
import type { Sorts } from '../platform/database/keyset.js';
import type { Page, PageQuery } from '../http/pages/page.js';
import { softDeleteVersion, updateVersion } from '../platform/database/versioned-rows.js';
import type { AcceptedVersions, NewValues } from '../platform/database/versioned-rows.js';
import { WebhookEndpoint } from './webhook-endpoint.entity.js';

export type NewEndpoint = Pick<
  WebhookEndpoint,
  'id' | 'url' | 'description' | 'eventTypes' | 'isActive' | 'sealedSecret' | 'createdBy'
>;

const COLUMNS = `id, url, description, event_types AS "eventTypes", is_active AS "isActive",
  disabled_reason AS "disabledReason", sealed_secret AS "sealedSecret", sealed_old_secret AS "sealedOldSecret",
  old_secret_expires_at AS "oldSecretExpiresAt", starts_behind AS "startsBehind", failing_since AS "failingSince",
  created_by AS "createdBy", created_at AS "createdAt", updated_at AS "updatedAt", deleted_at AS "deletedAt", version`;

/** It hears of what is written to the log from now on. */
const INSERT = `
  INSERT INTO webhook_endpoints (id, url, description, event_types, is_active, sealed_secret, created_by, starts_behind, version)
  VALUES ($1, $2, $3, $4, $5, $6, $7, (SELECT coalesce(max(position), 0) FROM events), 1)
  RETURNING ${COLUMNS}`;

const SORTS: Sorts<WebhookEndpoint> = {
  created_at: { column: 'created_at', type: 'timestamptz', read: (endpoint) => endpoint.createdAt },
};

@Injectable()
export class WebhookEndpointsRepository {
  constructor(
    @InjectRepository(WebhookEndpoint) private readonly endpoints: Repository<WebhookEndpoint>,
    private readonly keyset: Keyset,
  ) {}

  findById(id: string, tx: EntityManager = this.endpoints.manager): Promise<WebhookEndpoint | null> {
    return tx.findOneBy(WebhookEndpoint, { id, deletedAt: IsNull() });
  }

  /** As it is, which it then stays until the end of the transaction. */
  lock(tx: EntityManager, id: string): Promise<WebhookEndpoint | null> {
    const where = { id, deletedAt: IsNull() };
    return tx.findOne(WebhookEndpoint, { where, lock: { mode: 'pessimistic_write' } });
  }

  page(query: PageQuery): Promise<Page<WebhookEndpoint>> {
    return this.keyset.page<WebhookEndpoint>((sql, parameters) => this.endpoints.query(sql, parameters), {
      list: 'webhook endpoints',
      select: `SELECT ${COLUMNS} FROM webhook_endpoints`,
      filters: { conditions: ['deleted_at IS NULL'], parameters: [] },
      sorts: SORTS,
      query: { ...query, sort: '-created_at' },
    });
  }

  /** How many there are; nobody else adds one before the end of the transaction. */
  async countForInsert(tx: EntityManager): Promise<number> {
    await tx.query('LOCK TABLE webhook_endpoints IN SHARE ROW EXCLUSIVE MODE');
    return tx.countBy(WebhookEndpoint, { deletedAt: IsNull() });
  }

  async insert(tx: EntityManager, endpoint: NewEndpoint): Promise<WebhookEndpoint> {
    const { id, url, description, eventTypes, isActive, sealedSecret, createdBy } = endpoint;
    const values = [id, url, description, eventTypes, isActive, sealedSecret, createdBy];
    const [inserted] = await tx.query<[WebhookEndpoint]>(INSERT, values);
    return inserted;
  }

  /** The endpoint after the change; null if there is none in an accepted version. */
  update(
    tx: EntityManager,
    id: string,
    versions: AcceptedVersions,
    changes: NewValues<WebhookEndpoint>,
  ): Promise<WebhookEndpoint | null> {
    return updateVersion(tx, WebhookEndpoint, COLUMNS, { id, versions }, changes);
  }

  softDelete(tx: EntityManager, id: string, versions: AcceptedVersions): Promise<boolean> {
    return softDeleteVersion(tx, WebhookEndpoint, { id, versions });
  }
}
