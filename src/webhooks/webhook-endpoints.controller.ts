import { Body, Controller, Delete, Get, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { Access } from '../http/access/access.decorators.js';
import { CurrentCaller } from '../http/access/caller.js';
import type { Caller } from '../http/access/caller.js';
import { PageQuery } from '../http/pages/page.js';
import { Problems } from '../http/problems/problems.decorator.js';
import { IfMatch } from '../http/responses/etag.js';
import type { Precondition } from '../http/responses/precondition.js';
import { NoStore } from '../http/responses/no-store.decorator.js';
import {
  Returns,
  ReturnsCreated,
  ReturnsNothing,
  ReturnsPage,
} from '../http/responses/returns.decorators.js';
import { Id } from '../http/validation/id.decorator.js';
import {
  CreateWebhookEndpointDto,
  UpdateWebhookEndpointDto,
  WebhookEndpointResponse,
  WebhookEndpointWithSecretResponse,
} from './webhook-endpoint.dto.js';
import { WebhookEndpointsService } from './webhook-endpoints.service.js';

const COLLECTION = '/v1/webhook-endpoints';

@ApiTags('Webhooks')
@Controller('v1/webhook-endpoints')
export class WebhookEndpointsController {
  constructor(private readonly endpoints: WebhookEndpointsService) {}

  @Get()
  @Access('webhooks:admin')
  @ReturnsPage(WebhookEndpointResponse)
  @ApiOperation({
    summary: 'List webhook endpoints',
    description: 'Returns the newest first, without secrets.',
  })
  listWebhookEndpoints(@Query() query: PageQuery) {
    return this.endpoints.listEndpoints(query);
  }

  @Post()
  @Access('webhooks:admin')
  @NoStore()
  @Idempotent()
  @ReturnsCreated(WebhookEndpointWithSecretResponse, COLLECTION)
  @Problems('conflict')
  @ApiOperation({
    summary: 'Create a webhook endpoint',
    description:
      'From now on it receives the events that it lists, signed as in Standard Webhooks. The secret is shown once. You can' +
      ' create up to 100 endpoints.',
  })
  createWebhookEndpoint(@CurrentCaller() { userId }: Caller, @Body() dto: CreateWebhookEndpointDto) {
    return this.endpoints.createEndpoint(userId, dto);
  }

  @Get(':id')
  @Access('webhooks:admin')
  @Returns(WebhookEndpointResponse)
  @ApiOperation({ summary: 'Get a webhook endpoint', description: 'Returns it without its secret.' })
  getWebhookEndpoint(@Id() id: string) {
    return this.endpoints.getEndpoint(id);
  }

  @Patch(':id')
  @Access('webhooks:admin')
  @Returns(WebhookEndpointResponse)
  @ApiOperation({
    summary: 'Change a webhook endpoint',
    description:
      'A merge patch (RFC 7396): omitted fields stay unchanged. To enable a disabled one, send `is_active: true`; pending' +
      ' deliveries are sent first.',
  })
  updateWebhookEndpoint(
    @Id() id: string,
    @Body() dto: UpdateWebhookEndpointDto,
    @IfMatch() precondition: Precondition,
  ) {
    return this.endpoints.updateEndpoint(id, dto, precondition);
  }

  @Delete(':id')
  @Access('webhooks:admin')
  @ReturnsNothing()
  @ApiOperation({
    summary: 'Delete a webhook endpoint',
    description: 'Stops sending to it, and deletes its deliveries.',
  })
  deleteWebhookEndpoint(@Id() id: string, @IfMatch() precondition: Precondition) {
    return this.endpoints.deleteEndpoint(id, precondition);
  }

  @Post(':id/secret-rotations')
  @Access('webhooks:admin')
  @NoStore()
  @Idempotent()
  @ReturnsCreated(WebhookEndpointWithSecretResponse, COLLECTION)
  @ApiOperation({
    summary: 'Rotate the secret of a webhook endpoint',
    description:
      'Returns a new secret, shown once. For 24 hours messages are signed with both the new and the old secret.',
  })
  rotateWebhookSecret(@Id() id: string) {
    return this.endpoints.rotateSecret(id);
  }
}
