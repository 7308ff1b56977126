import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { User } from '../users/user.entity.js';

/** What a token is good for, and nothing else. */
export type TokenPurpose = 'email_verification' | 'password_reset' | 'two_step_sign_in' | 'oidc_sign_in';

/** A token that was handed out and not used yet; only its hash is kept. Using it deletes the row. */
@Entity({ name: 'one_time_tokens' })
@Index('one_time_tokens_user_id_idx', ['userId', 'purpose'])
@Index('one_time_tokens_expires_at_idx', ['expiresAt'])
export class OneTimeToken {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'one_time_tokens_pkey' })
  id: string;

  @Column({ type: 'text' })
  purpose: TokenPurpose;

  @Column({ name: 'user_id', type: 'uuid' })
  @ForeignKey(() => User, { name: 'one_time_tokens_user_id_fkey', onDelete: 'CASCADE' })
  userId: string;

  /** The address that the token was mailed to: what its use proves. */
  @Column({ type: 'text', nullable: true })
  email: string | null;

  @Column({ name: 'token_hash', type: 'bytea' })
  tokenHash: Buffer;

  /** How often it was presented together with something wrong, such as a code. */
  @Column({ type: 'smallint', default: 0 })
  attempts: number;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @Column({ name: 'expires_at', type: 'timestamptz', precision: 3 })
  expiresAt: Date;
}
