import {
  Check,
  Column,
  CreateDateColumn,
  Entity,
  ForeignKey,
  Index,
  PrimaryColumn,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm';
import { User } from '../identity/users/user.entity.js';
import type { OrderStatus } from './order-status.js';

/** What a user asked for. While it is pending or paid, it holds the stock of its items. */
@Entity({ name: 'orders' })
@Check('orders_status_check', `status IN ('pending', 'paid', 'shipped', 'delivered', 'cancelled', 'expired')`)
@Check('orders_currency_check', `currency ~ '^[A-Z]{3}$'`)
@Check('orders_total_check', 'total > 0')
@Check('orders_note_check', 'char_length(note) BETWEEN 1 AND 500')
@Index('orders_created_at_idx', ['createdAt', 'id'])
@Index('orders_total_idx', ['total', 'id'])
@Index('orders_status_idx', ['status', 'createdAt', 'id'])
@Index('orders_user_created_at_idx', ['userId', 'createdAt', 'id'])
@Index('orders_user_total_idx', ['userId', 'total', 'id'])
@Index('orders_expires_at_idx', ['expiresAt'], { where: `status = 'pending'` })
@Index('orders_pending_user_idx', ['userId', 'expiresAt'], { where: `status = 'pending'` })
export class Order {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'orders_pkey' })
  id: string;

  @Column({ name: 'user_id', type: 'uuid' })
  @ForeignKey(() => User, { name: 'orders_user_id_fkey' })
  userId: string;

  @Column({ type: 'text' })
  status: OrderStatus;

  /** That of all items. */
  @Column({ type: 'text' })
  currency: string;

  /** A decimal string, exactly the sum of the items. */
  @Column({ type: 'numeric', precision: 15, scale: 2 })
  total: string;

  @Column({ type: 'text', nullable: true })
  note: string | null;

  /** Until then a pending order holds its stock; of no meaning once it is not pending any more. */
  @Column({ name: 'expires_at', type: 'timestamptz', precision: 3 })
  expiresAt: Date;

  /** Counts the changes of the row; its ETag. */
  @VersionColumn()
  version: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
