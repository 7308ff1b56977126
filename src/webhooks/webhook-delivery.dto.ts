import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { PageQuery } from '../http/pages/page.js';
import { OptionalField } from '../http/validation/fields.js';
import { EVENT_TYPES } from '../platform/events/event-types.js';
import { ATTEMPT_ERRORS } from './attempt.js';
import type { AttemptError } from './attempt.js';
import { DELIVERY_STATUSES } from './delivery-status.js';
import type { DeliveryStatus } from './delivery-status.js';
import { PING } from './payload.js';
import type { WebhookDelivery } from './webhook-delivery.entity.js';

const TYPES = [...EVENT_TYPES, PING];

export class ListWebhookDeliveriesQuery extends PageQuery {
  /** Only deliveries with this status. */
  @ApiProperty({ enum: DELIVERY_STATUSES })
  @IsIn(DELIVERY_STATUSES)
  @OptionalField()
  status?: DeliveryStatus;

  /** Only deliveries of events of this type. */
  @ApiProperty({ enum: TYPES })
  @IsIn(TYPES, { message: '$property must be a type of event' })
  @OptionalField()
  event_type?: string;
}

class AttemptResponse {
  /** @example "2026-03-01T09:30:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  at: string;

  /** The status of the response; null if there was none. */
  @ApiProperty({ type: 'integer', nullable: true, example: 204 })
  status_code: number | null;

  /**
   * Time until the response started, or the attempt failed.
   * @example 83
   */
  @ApiProperty({ type: 'integer' })
  duration_ms: number;

  /** Why it failed; null if it succeeded. */
  @ApiProperty({ type: String, enum: ATTEMPT_ERRORS, nullable: true, example: null })
  error: AttemptError | null;

  /** The start of the response body, up to 1 kB; null if it had none. */
  @ApiProperty({ type: String, nullable: true, example: null })
  response_excerpt: string | null;
}

export class WebhookDeliveryResponse {
  /** With the prefix `msg_`, this is the `webhook-id` of every attempt. @example "0198c0de-7a11-7b3c-9d4e-5f60718293a4" */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /** @example "0198c0de-7a11-7b3c-9d4e-5f60718293a5" */
  @ApiProperty({ format: 'uuid' })
  endpoint_id: string;

  /** Null for a test. */
  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    example: '0198c0de-7a11-7b3c-9d4e-5f60718293a6',
  })
  event_id: string | null;

  /** @example "stock.depleted" */
  event_type: string;

  @ApiProperty({ enum: DELIVERY_STATUSES, example: 'succeeded' })
  status: DeliveryStatus;

  /** The latest 20, oldest first. */
  @ApiProperty({ type: [AttemptResponse] })
  attempts: AttemptResponse[];

  /** Null when there are no more attempts. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  next_attempt_at: string | null;

  /** @example "2026-03-01T09:30:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  created_at: string;

  static from(delivery: ShownDelivery): WebhookDeliveryResponse {
    return {
      id: delivery.id,
      endpoint_id: delivery.endpointId,
      event_id: delivery.eventId,
      event_type: delivery.eventType,
      status: delivery.status,
      attempts: delivery.attempts,
      next_attempt_at: delivery.nextAttemptAt?.toISOString() ?? null,
      created_at: delivery.createdAt.toISOString(),
    };
  }
}

/** What of a delivery clients see, and its version. */
export type ShownDelivery = Omit<WebhookDelivery, 'payload' | 'tries' | 'lockedUntil'>;
