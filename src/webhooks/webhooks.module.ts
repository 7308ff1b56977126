import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { UsersModule } from '../identity/users/users.module.js';
import { DeliveryEngine } from './delivery-engine.service.js';
import { DeliveryMetrics } from './delivery-metrics.service.js';
import { DeliveryQueueRepository } from './delivery-queue.repository.js';
import { DispatchRepository } from './dispatch.repository.js';
import { Dispatcher } from './dispatcher.service.js';
import { EndpointHealthRepository } from './endpoint-health.repository.js';
import { EndpointHealthService } from './endpoint-health.service.js';
import { EndpointSecrets } from './endpoint-secrets.service.js';
import { HostAddresses } from './host-addresses.service.js';
import { Sender } from './sender.service.js';
import { WebhookCursor } from './webhook-cursor.entity.js';
import { WebhookDeliveriesController } from './webhook-deliveries.controller.js';
import { WebhookDeliveriesRepository } from './webhook-deliveries.repository.js';
import { WebhookDeliveriesService } from './webhook-deliveries.service.js';
import { WebhookDelivery } from './webhook-delivery.entity.js';
import { WebhookEndpoint } from './webhook-endpoint.entity.js';
import { WebhookEndpointsController } from './webhook-endpoints.controller.js';
import { WebhookEndpointsRepository } from './webhook-endpoints.repository.js';
import { WebhookEndpointsService } from './webhook-endpoints.service.js';

/** Tells others of events, over HTTP: the log becomes deliveries (Dispatcher), which are sent (DeliveryEngine). */
@Module({
  imports: [TypeOrmModule.forFeature([WebhookEndpoint, WebhookDelivery, WebhookCursor]), UsersModule],
  controllers: [WebhookEndpointsController, WebhookDeliveriesController],
  providers: [
    WebhookEndpointsService,
    WebhookEndpointsRepository,
    WebhookDeliveriesService,
    WebhookDeliveriesRepository,
    Dispatcher,
    DispatchRepository,
    DeliveryEngine,
    DeliveryQueueRepository,
    DeliveryMetrics,
    EndpointHealthService,
    EndpointHealthRepository,
    EndpointSecrets,
    HostAddresses,
    Sender,
  ],
})
export class WebhooksModule {}
