import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import type { EntityManager } from 'typeorm';
import type { ResourceTable } from '../platform/database/resource-table.js';
import { ResourceTables } from '../platform/database/resource-tables.js';
import { LAST_POSITION } from '../platform/events/event-columns.js';
import { WebhookEndpoint } from './webhook-endpoint.entity.js';

export type NewEndpoint = Pick<
  WebhookEndpoint,
  'id' | 'url' | 'description' | 'eventTypes' | 'isActive' | 'sealedSecret' | 'createdBy'
>;

/** It hears of what is written to the log from now on. */
const END_OF_LOG = `(${LAST_POSITION})`;

@Injectable()
export class WebhookEndpointsRepository {
  readonly table: ResourceTable<WebhookEndpoint>;

  constructor(tables: ResourceTables) {
    this.table = tables.of(WebhookEndpoint);
  }

  /** How many there are; nobody else adds one before the end of the transaction. */
  async countForInsert(tx: EntityManager): Promise<number> {
    await tx.query('LOCK TABLE webhook_endpoints IN SHARE ROW EXCLUSIVE MODE');
    return tx.countBy(WebhookEndpoint, { deletedAt: IsNull() });
  }

  insert(tx: EntityManager, endpoint: NewEndpoint): Promise<WebhookEndpoint> {
    return this.table.insert(tx, { ...endpoint, startsBehind: () => END_OF_LOG });
  }
}
