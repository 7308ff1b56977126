import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import type { Attempt } from './attempt.js';
import type { DeliveryStatus } from './delivery-status.js';
import { WebhookEndpoint } from './webhook-endpoint.entity.js';

/** What an endpoint is told of one event, until it has taken it. Rows are written by plain SQL only. */
@Entity({ name: 'webhook_deliveries' })
@Unique('webhook_deliveries_event_id_key', ['endpointId', 'eventId'])
@Check('webhook_deliveries_status_check', `status IN ('pending', 'succeeded', 'failed')`)
@Check('webhook_deliveries_next_attempt_at_check', `(status = 'pending') = (next_attempt_at IS NOT NULL)`)
@Index('webhook_deliveries_due_idx', ['endpointId', 'nextAttemptAt'], { where: `status = 'pending'` })
@Index('webhook_deliveries_created_at_idx', ['endpointId', 'createdAt', 'id'])
@Index('webhook_deliveries_failed_idx', ['endpointId', 'createdAt', 'id'], { where: `status = 'failed'` })
@Index('webhook_deliveries_event_type_idx', ['endpointId', 'eventType', 'createdAt', 'id'])
export class WebhookDelivery {
  /** Also what makes its `webhook-id`. */
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'webhook_deliveries_pkey' })
  id: string;

  @Column({ name: 'endpoint_id', type: 'uuid' })
  @ForeignKey(() => WebhookEndpoint, { name: 'webhook_deliveries_endpoint_id_fkey' })
  endpointId: string;

  /** Null for a test. */
  @Column({ name: 'event_id', type: 'uuid', nullable: true })
  eventId: string | null;

  @Column({ name: 'event_type', type: 'text' })
  eventType: string;

  /** What is sent, byte for byte, at every attempt. */
  @Column({ type: 'text' })
  payload: string;

  @Column({ type: 'text', default: 'pending' })
  status: DeliveryStatus;

  /** Attempts since it was made, or was last retried by hand. */
  @Column({ type: 'integer', default: 0 })
  tries: number;

  /** The latest ones, oldest first. */
  @Column({ type: 'jsonb', default: [] })
  attempts: Attempt[];

  /** Null once nothing more is tried. */
  @Column({ name: 'next_attempt_at', type: 'timestamptz', precision: 3, nullable: true })
  nextAttemptAt: Date | null;

  /** Until then it is in the hands of a process; from then on, that is taken for dead. */
  @Column({ name: 'locked_until', type: 'timestamptz', precision: 3, nullable: true })
  lockedUntil: Date | null;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;

  /** Counts the changes that clients see; its ETag. */
  @Column({ type: 'integer', default: 1 })
  version: number;
}
