import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { User } from '../users/user.entity.js';

/**
 * One login. Its refresh token changes at every use; only hashes are kept: of the part that stays (to tell a used token
 * from an invented one), of the part that is valid now, and of the one before.
 */
@Entity({ name: 'sessions' })
@Index('sessions_user_id_idx', ['userId', 'createdAt', 'id'], { where: 'ended_at IS NULL' })
@Index('sessions_expires_at_idx', ['expiresAt'])
@Index('sessions_ended_at_idx', ['endedAt'], { where: 'ended_at IS NOT NULL' })
export class Session {
  /** A UUIDv7: its time is the session's beginning. */
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'sessions_pkey' })
  id: string;

  @Column({ name: 'user_id', type: 'uuid' })
  @ForeignKey(() => User, { name: 'sessions_user_id_fkey', onDelete: 'CASCADE' })
  userId: string;

  @Column({ name: 'family_hash', type: 'bytea' })
  familyHash: Buffer;

  @Column({ name: 'secret_hash', type: 'bytea' })
  secretHash: Buffer;

  @Column({ name: 'previous_secret_hash', type: 'bytea', nullable: true })
  previousSecretHash: Buffer | null;

  /** Whether it began with a second factor. */
  @Column({ name: 'second_factor', type: 'boolean', default: false })
  secondFactor: boolean;

  @Column({ type: 'inet', nullable: true })
  ip: string | null;

  @Column({ name: 'user_agent', type: 'text', nullable: true })
  userAgent: string | null;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  /** The last refresh, which is also when the refresh token was rotated. */
  @Column({ name: 'last_used_at', type: 'timestamptz', precision: 3 })
  lastUsedAt: Date;

  /** 30 days after the last use, but 90 days after the beginning at most. */
  @Column({ name: 'expires_at', type: 'timestamptz', precision: 3 })
  expiresAt: Date;

  @Column({ name: 'ended_at', type: 'timestamptz', precision: 3, nullable: true })
  endedAt: Date | null;
}
