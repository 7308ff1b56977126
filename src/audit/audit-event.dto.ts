import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsUUID } from 'class-validator';
import { exportColumnsOf } from '../http/exports/exportable.decorators.js';
import { CreatedRangeQuery } from '../http/pages/page.js';
import { IsSort } from '../http/pages/sort.decorator.js';
import { OptionalField } from '../http/validation/fields.js';
import { EVENT_TYPES, RESOURCE_TYPES } from '../platform/events/event-types.js';
import type { EventType } from '../platform/events/event-types.js';
import type { ActorType, Changes, LoggedEvent } from '../platform/events/logged-event.entity.js';

const ACTOR_TYPES: readonly ActorType[] = ['user', 'api_key', 'system'];

export class ListAuditEventsQuery extends CreatedRangeQuery {
  /** Only events by this user or API key. */
  @ApiProperty({ format: 'uuid' })
  @IsUUID(undefined, { message: '$property must be a UUID' })
  @OptionalField()
  actor_id?: string;

  /** Only events of this type. */
  @ApiProperty({ enum: EVENT_TYPES })
  @IsIn(EVENT_TYPES, { message: '$property must be a type of event, such as order.created' })
  @OptionalField()
  action?: EventType;

  /** Only events on resources of this type. */
  @ApiProperty({ enum: RESOURCE_TYPES })
  @IsIn(RESOURCE_TYPES, { message: `$property must be one of ${RESOURCE_TYPES.join(' ')}` })
  @OptionalField()
  resource_type?: string;

  /** Only events on this resource. */
  @ApiProperty({ format: 'uuid' })
  @IsUUID(undefined, { message: '$property must be a UUID' })
  @OptionalField()
  resource_id?: string;

  /** `-` for descending. */
  @IsSort('created_at')
  sort: string = '-created_at';
}

export class AuditEventResponse {
  /** @example "0198c0de-7a11-7b3c-9d4e-5f60718293d7" */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * Its place in the log: later events have higher positions; there are gaps.
   * @example 4711
   */
  @ApiProperty({ type: 'integer', format: 'int64' })
  position: number;

  /** @example "product.updated" */
  @ApiProperty({ enum: EVENT_TYPES })
  action: EventType;

  /** @example "user" */
  @ApiProperty({ enum: ACTOR_TYPES })
  actor_type: ActorType;

  /**
   * The user or the API key; null for the service itself, and for unknown callers.
   * @example "0198c0de-7a11-7b3c-9d4e-5f60718293c6"
   */
  @ApiProperty({ type: 'string', format: 'uuid', nullable: true })
  actor_id: string | null;

  /** @example "product" */
  @ApiProperty({ enum: RESOURCE_TYPES })
  resource_type: string;

  /** @example "0198c0de-7a11-7b3c-9d4e-5f60718293a4" */
  @ApiProperty({ type: 'string', format: 'uuid', nullable: true })
  resource_id: string | null;

  /**
   * What changed, as `{field: [before, after]}`; never a secret.
   * @example { "price": [24.9, 22.5] }
   */
  @ApiProperty({
    type: 'object',
    nullable: true,
    additionalProperties: { type: 'array', items: {}, minItems: 2, maxItems: 2 },
  })
  changes: Changes | null;

  /**
   * The trace id of the request, as in the log of the service.
   * @example "4bf92f3577b34da6a3ce929d0e0e4736"
   */
  trace_id: string | null;

  /** @example "2026-03-01T09:30:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  created_at: string;

  static from(event: LoggedEvent): AuditEventResponse {
    return {
      id: event.id,
      position: Number(event.position),
      action: event.type,
      actor_type: event.actorType,
      actor_id: event.actorId,
      resource_type: event.resourceType,
      resource_id: event.resourceId,
      changes: event.changes,
      trace_id: event.traceId,
      created_at: event.createdAt.toISOString(),
    };
  }
}

export const AUDIT_EVENT_COLUMNS = exportColumnsOf<AuditEventResponse>({
  id: true,
  position: true,
  action: true,
  actor_type: true,
  actor_id: true,
  resource_type: true,
  resource_id: true,
  changes: true,
  trace_id: true,
  created_at: true,
});
