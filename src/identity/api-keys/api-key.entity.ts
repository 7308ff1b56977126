import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, VersionColumn } from 'typeorm';
import type { Scope } from '../../../config/scopes.js';
import { User } from '../users/user.entity.js';

/** A credential of a program, which acts for its owner with some of the owner's scopes. Its secret is kept as a hash. */
@Entity({ name: 'api_keys' })
@Check('api_keys_name_check', `char_length(name) BETWEEN 1 AND 100`)
@Check('api_keys_scopes_check', `cardinality(scopes) > 0`)
@Index('api_keys_user_id_idx', ['userId', 'createdAt', 'id'], { where: 'revoked_at IS NULL' })
export class ApiKey {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'api_keys_pkey' })
  id: string;

  @Column({ name: 'user_id', type: 'uuid' })
  @ForeignKey(() => User, { name: 'api_keys_user_id_fkey', onDelete: 'CASCADE' })
  userId: string;

  @Column({ type: 'text' })
  name: string;

  /** As asked for at its creation; it may do no more of it than the owner's role allows at the time. */
  @Column({ type: 'text', array: true })
  scopes: Scope[];

  @Column({ name: 'secret_hash', type: 'bytea' })
  secretHash: Buffer;

  /** The key that asked for this one, and takes it along when it is revoked; null where a session asked. */
  @Column({ name: 'made_with', type: 'uuid', nullable: true })
  @ForeignKey(() => ApiKey, { name: 'api_keys_made_with_fkey', onDelete: 'CASCADE' })
  madeWith: string | null;

  /** Counts the changes of the row, uses included; its ETag. */
  @VersionColumn()
  version: number;

  @Column({ name: 'expires_at', type: 'timestamptz', precision: 3, nullable: true })
  expiresAt: Date | null;

  /** To the minute: it is not written more often. */
  @Column({ name: 'last_used_at', type: 'timestamptz', precision: 3, nullable: true })
  lastUsedAt: Date | null;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  /** A revoked key stays in the table, but is nowhere to be seen. */
  @Column({ name: 'revoked_at', type: 'timestamptz', precision: 3, nullable: true })
  revokedAt: Date | null;
}
