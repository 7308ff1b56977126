import { ApiProperty, PartialType } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsArray, IsBoolean, IsIn } from 'class-validator';
import { IsText, OptionalField, NullableField } from '../http/validation/fields.js';
import { EVENT_TYPES } from '../platform/events/event-types.js';
import { MAX_URL } from './endpoint-url.js';
import type { WebhookEndpoint } from './webhook-endpoint.entity.js';

const ALL = '*';
const CHOICES = [ALL, ...EVENT_TYPES];

export class CreateWebhookEndpointDto {
  /**
   * Where to send messages: https, an address on the internet, no user name or password.
   * @example "https://shop.example.com/webhooks/stockroom"
   */
  @IsText(1, MAX_URL)
  url: string;

  /**
   * A label to recognise it by.
   * @example "Tells the shop what is sold out"
   */
  @IsText(0, 500)
  @NullableField()
  description?: string | null;

  /** What to send: event types, or `*` for all of them. */
  @ApiProperty({
    enum: CHOICES,
    isArray: true,
    minItems: 1,
    maxItems: CHOICES.length,
    uniqueItems: true,
    example: ['stock.depleted', 'stock.moved'],
  })
  @IsIn(CHOICES, { each: true, message: 'each of $property must be a type of event, or *' })
  @ArrayUnique({ message: '$property must list each type once' })
  @ArrayMaxSize(CHOICES.length, { message: `$property must have at most ${CHOICES.length} types` })
  @ArrayMinSize(1, { message: '$property must have at least one type' })
  @IsArray({ message: '$property must be a list of types' })
  event_types: string[];

  /**
   * Whether it receives events. It never receives events from while it was inactive.
   * @example true
   */
  @ApiProperty({ default: true })
  @IsBoolean()
  @OptionalField()
  is_active?: boolean;
}

/** A merge patch (RFC 7396): omitted fields stay unchanged, and `null` clears the description. */
export class UpdateWebhookEndpointDto extends PartialType(CreateWebhookEndpointDto, {
  skipNullProperties: false,
}) {}

export class WebhookEndpointResponse {
  /** @example "0198c0de-7a11-7b3c-9d4e-5f60718293a4" */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /** @example "https://shop.example.com/webhooks/stockroom" */
  url: string;

  /** @example "Tells the shop what is sold out" */
  description: string | null;

  /** `["*"]` for all. */
  @ApiProperty({ type: [String], example: ['stock.depleted', 'stock.moved'] })
  event_types: string[];

  /** @example true */
  is_active: boolean;

  /** Why the service disabled it: it returned `410`, or failed for five days. Null if not disabled. */
  @ApiProperty({ type: String, enum: ['gone', 'failing'], nullable: true, example: null })
  disabled_reason: string | null;

  /** @example "2026-03-01T09:30:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  created_at: string;

  /** @example "2026-03-01T09:30:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  updated_at: string;

  static from(endpoint: WebhookEndpoint): WebhookEndpointResponse {
    return {
      id: endpoint.id,
      url: endpoint.url,
      description: endpoint.description,
      event_types: endpoint.eventTypes,
      is_active: endpoint.isActive,
      disabled_reason: endpoint.disabledReason,
      created_at: endpoint.createdAt.toISOString(),
      updated_at: endpoint.updatedAt.toISOString(),
    };
  }
}

export class WebhookEndpointWithSecretResponse extends WebhookEndpointResponse {
  /**
   * Verifies the signatures. It is shown once: store it like a password.
   * @example "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD0u7m5xTfZ0I="
   */
  secret: string;

  static override from(shown: WebhookEndpoint & { secret: string }): WebhookEndpointWithSecretResponse {
    return { ...WebhookEndpointResponse.from(shown), secret: shown.secret };
  }
}
