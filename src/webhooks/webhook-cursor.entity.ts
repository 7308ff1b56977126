import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** How far the event log has become deliveries: the only row. */
@Entity({ name: 'webhook_cursor' })
@Check('webhook_cursor_is_only_check', 'is_only')
export class WebhookCursor {
  @PrimaryColumn({
    name: 'is_only',
    type: 'boolean',
    default: true,
    primaryKeyConstraintName: 'webhook_cursor_pkey',
  })
  isOnly: boolean;

  @Column({ type: 'bigint' })
  position: string;
}
