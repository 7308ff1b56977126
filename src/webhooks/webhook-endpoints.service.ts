import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Config } from '../../config/index.js';
import type { Page, PageQuery } from '../http/pages/page.js';
import { invalid, Problem } from '../http/problems/problem.js';
import { Transactions } from '../platform/database/transactions.js';
import { notFound } from '../platform/database/resource-table.js';
import type { Precondition } from '../http/responses/precondition.js';
import { EventLog } from '../platform/events/event-log.js';
import { loggedChanges, recordAfter } from './endpoint-changes.js';
import { EndpointSecrets } from './endpoint-secrets.service.js';
import { faultOfUrl } from './endpoint-url.js';
import type { CreateWebhookEndpointDto, UpdateWebhookEndpointDto } from './webhook-endpoint.dto.js';
import type { WebhookEndpoint } from './webhook-endpoint.entity.js';
import { WebhookEndpointsRepository } from './webhook-endpoints.repository.js';

const MAX_ENDPOINTS = 100;

/** How long the secret before the last rotation signs, too. */
const OLD_SECRET_MS = 24 * 60 * 60 * 1000;

export type EndpointWithSecret = WebhookEndpoint & { secret: string };

/** Where to tell of events, and what. */
@Injectable()
export class WebhookEndpointsService {
  constructor(
    private readonly endpoints: WebhookEndpointsRepository,
    private readonly secrets: EndpointSecrets,
    private readonly events: EventLog,
    private readonly transactions: Transactions,
    private readonly config: Config,
  ) {}

  listEndpoints(query: PageQuery): Promise<Page<WebhookEndpoint>> {
    return this.endpoints.table.page(query);
  }

  getEndpoint(id: string): Promise<WebhookEndpoint> {
    return this.endpoints.table.get(id);
  }

  /** With its secret, which nobody can read again. @throws Problem `validation_failed`, `conflict` for one too many */
  createEndpoint(userId: string, dto: CreateWebhookEndpointDto): Promise<EndpointWithSecret> {
    this.assertAllowed(dto.url);
    const id = uuidv7();
    const { secret, sealedSecret } = this.secrets.create(id);
    return this.transactions.run(async (tx) => {
      if ((await this.endpoints.countForInsert(tx)) >= MAX_ENDPOINTS)
        throw new Problem('conflict', `There are ${MAX_ENDPOINTS} webhook endpoints, which is the limit.`);
      // Before it, so that the endpoint is not told of itself.
      await this.events.append(tx, {
        type: 'webhook_endpoint.created',
        resourceId: id,
        details: { origin: new URL(dto.url).origin, event_types: dto.event_types },
      });
      const endpoint = await this.endpoints.insert(tx, {
        id,
        url: dto.url,
        description: dto.description ?? null,
        eventTypes: dto.event_types,
        isActive: dto.is_active ?? true,
        sealedSecret,
        createdBy: userId,
      });
      return { ...endpoint, secret };
    });
  }

  /** @throws Problem `validation_failed`, `precondition_failed` */
  updateEndpoint(
    id: string,
    dto: UpdateWebhookEndpointDto,
    versions: Precondition,
  ): Promise<WebhookEndpoint> {
    if (dto.url !== undefined) this.assertAllowed(dto.url);
    return this.transactions.run(async (tx) => {
      const { table } = this.endpoints;
      const fields = { ...table.valuesOf(dto), ...recordAfter(dto) };
      const change = await table.update(tx, { id, versions }, fields);
      const changes = loggedChanges(table, change);
      if (Object.keys(changes).length > 0)
        await this.events.append(tx, { type: 'webhook_endpoint.updated', resourceId: id, changes });
      return change.after;
    });
  }

  /** Nothing is sent to it any more. @throws Problem `precondition_failed` */
  deleteEndpoint(id: string, versions: Precondition): Promise<void> {
    return this.transactions.run(async (tx) => {
      await this.endpoints.table.softDelete(tx, { id, versions });
      await this.events.append(tx, { type: 'webhook_endpoint.deleted', resourceId: id });
    });
  }

  /** A new secret, once. The old one signs, too, for a day; one that was still older signs no more. */
  rotateSecret(id: string): Promise<EndpointWithSecret> {
    const { secret, sealedSecret } = this.secrets.create(id);
    return this.transactions.run(async (tx) => {
      const { sealedSecret: sealedOldSecret } = (await this.endpoints.table.lock(tx, id)) ?? notFound();
      const oldSecretExpiresAt = new Date(Date.now() + OLD_SECRET_MS);
      const changes = { sealedSecret, sealedOldSecret, oldSecretExpiresAt };
      const { after: endpoint } = await this.endpoints.table.update(tx, { id, versions: 'any' }, changes);
      await this.events.append(tx, { type: 'webhook_endpoint.secret_rotated', resourceId: id });
      return { ...endpoint, secret };
    });
  }

  private assertAllowed(url: string): void {
    const fault = faultOfUrl(url, this.config.webhooks.allowPrivateHosts);
    if (fault) throw invalid([{ pointer: '/url', ...fault }]);
  }
}
