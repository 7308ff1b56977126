import { Check, Column, Entity, Generated, Index, PrimaryColumn } from 'typeorm';

import type { EventType } from './event-types.js';

export type ActorType = 'user' | 'api_key' | 'system';

/**
 * One thing that happened. Rows are only ever added: a trigger refuses everything else. Months are partitions, hence the
 * time in the key.
 */
@Entity({ name: 'events' })
@Check('events_actor_type_check', `actor_type IN ('user', 'api_key', 'system')`)
@Index('events_position_idx', ['position'])
@Index('events_type_idx', ['type', 'createdAt'])
@Index('events_resource_type_idx', ['resourceType', 'createdAt'])
@Index('events_resource_idx', ['resourceId', 'createdAt'])
@Index('events_actor_idx', ['actorId', 'createdAt'])
export class LoggedEvent {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'events_pkey' })
  id: string;

  /** The order of writing. */
  @Column({ type: 'bigint', insert: false })
  @Generated('increment')
  position: string;

  @Column({ type: 'text' })
  type: EventType;

  @Column({ name: 'actor_type', type: 'text' })
  actorType: ActorType;

  /** The user or the API key; null for the service itself, and for somebody whom nobody knows. */
  @Column({ name: 'actor_id', type: 'uuid', nullable: true })
  actorId: string | null;

  @Column({ name: 'resource_type', type: 'text' })
  resourceType: string;

  @Column({ name: 'resource_id', type: 'uuid', nullable: true })
  resourceId: string | null;

  /** `{field: [before, after]}`. */
  @Column({ type: 'jsonb', nullable: true })
  changes: Changes | null;

  /** What else belongs to it, such as the address that a login came from. */
  @Column({ type: 'jsonb', nullable: true })
  details: Readonly<Record<string, unknown>> | null;

  @Column({ name: 'trace_id', type: 'text', nullable: true })
  traceId: string | null;

  /** That of the id, too. */
  @PrimaryColumn({
    name: 'created_at',
    type: 'timestamptz',
    precision: 3,
    primaryKeyConstraintName: 'events_pkey',
  })
  createdAt: Date;
}

/** `{field: [before, after]}`, never of a secret. */
export type Changes = Readonly<Record<string, readonly [unknown, unknown]>>;
