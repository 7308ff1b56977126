import { Controller, Get, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { Access } from '../http/access/access.decorators.js';
import { Problems } from '../http/problems/problems.decorator.js';
import { Returns, ReturnsJob, ReturnsPage } from '../http/responses/returns.decorators.js';
import { Id } from '../http/validation/id.decorator.js';
import { WebhookDeliveriesService } from './webhook-deliveries.service.js';
import { ListWebhookDeliveriesQuery, WebhookDeliveryResponse } from './webhook-delivery.dto.js';

const COLLECTION = '/v1/webhook-deliveries';

@ApiTags('Webhooks')
@Controller('v1')
export class WebhookDeliveriesController {
  constructor(private readonly deliveries: WebhookDeliveriesService) {}

  @Get('webhook-endpoints/:id/deliveries')
  @Access('webhooks:admin')
  @ReturnsPage(WebhookDeliveryResponse)
  @ApiOperation({
    summary: 'List the deliveries to a webhook endpoint',
    description: 'Returns the last 30 days, the newest first.',
  })
  listWebhookDeliveries(@Id() id: string, @Query() query: ListWebhookDeliveriesQuery) {
    return this.deliveries.listDeliveries(id, query);
  }

  @Post('webhook-endpoints/:id/test-events')
  @Access('webhooks:admin')
  @Idempotent()
  @ReturnsJob(WebhookDeliveryResponse, COLLECTION)
  @Problems('conflict')
  @ApiOperation({
    summary: 'Send a test event to a webhook endpoint',
    description: 'Sends a message of the type `webhook.ping`, whatever types the endpoint lists.',
  })
  sendWebhookTest(@Id() id: string) {
    return this.deliveries.sendTest(id);
  }

  @Get('webhook-deliveries/:id')
  @Access('webhooks:admin')
  @Returns(WebhookDeliveryResponse)
  @ApiOperation({ summary: 'Get a delivery', description: 'Returns its attempts and their responses.' })
  getWebhookDelivery(@Id() id: string) {
    return this.deliveries.getDelivery(id);
  }

  @Post('webhook-deliveries/:id/retry')
  @Access('webhooks:admin')
  @Idempotent()
  @ReturnsJob(WebhookDeliveryResponse, COLLECTION)
  @Problems('conflict')
  @ApiOperation({
    summary: 'Retry a delivery',
    description: 'Retries now, with the same `webhook-id`, whether it failed, succeeded or is still pending.',
  })
  retryWebhookDelivery(@Id() id: string) {
    return this.deliveries.retry(id);
  }
}
