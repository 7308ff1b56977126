import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { ResourceColumns } from '../platform/database/columns.js';
import { Visible } from '../platform/database/entity-columns.js';

/** Why the service gave an endpoint up: it answered 410, or nothing but failures for days. */
export type DisabledReason = 'gone' | 'failing';

/** Where somebody wants to be told of events. */
@Entity({ name: 'webhook_endpoints' })
@Check('webhook_endpoints_url_check', `char_length(url) BETWEEN 1 AND 2048`)
@Check('webhook_endpoints_description_check', `char_length(description) <= 500`)
@Check('webhook_endpoints_event_types_check', `cardinality(event_types) > 0`)
@Check('webhook_endpoints_disabled_reason_check', `disabled_reason IN ('gone', 'failing')`)
@Check('webhook_endpoints_is_active_check', `NOT is_active OR disabled_reason IS NULL`)
@Check('webhook_endpoints_old_secret_check', `(sealed_old_secret IS NULL) = (old_secret_expires_at IS NULL)`)
@Index('webhook_endpoints_created_at_idx', ['createdAt', 'id'], { where: 'deleted_at IS NULL' })
export class WebhookEndpoint extends ResourceColumns {
  @Visible()
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'webhook_endpoints_pkey' })
  id: string;

  @Visible()
  @Column({ type: 'text' })
  url: string;

  @Visible()
  @Column({ type: 'text', nullable: true })
  description: string | null;

  /** `['*']` for all. */
  @Visible()
  @Column({ name: 'event_types', type: 'text', array: true })
  eventTypes: string[];

  @Visible()
  @Column({ name: 'is_active', type: 'boolean', default: true })
  isActive: boolean;

  /** Null for one that somebody switched off. */
  @Visible()
  @Column({ name: 'disabled_reason', type: 'text', nullable: true })
  disabledReason: DisabledReason | null;

  @Column({ name: 'sealed_secret', type: 'text' })
  sealedSecret: string;

  /** The one before, which signs, too, until it expires. */
  @Column({ name: 'sealed_old_secret', type: 'text', nullable: true })
  sealedOldSecret: string | null;

  @Column({ name: 'old_secret_expires_at', type: 'timestamptz', precision: 3, nullable: true })
  oldSecretExpiresAt: Date | null;

  /** It is told of events behind this position of the log: the last one when it was made. */
  @Column({ name: 'starts_behind', type: 'bigint' })
  startsBehind: string;

  /** The first failure since it last took a delivery; its own affair, which leaves the version as it is. */
  @Column({ name: 'failing_since', type: 'timestamptz', precision: 3, nullable: true })
  failingSince: Date | null;

  /** Its owner, who is told when it is disabled. */
  @Column({ name: 'created_by', type: 'uuid' })
  createdBy: string;
}
