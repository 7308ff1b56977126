import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { ConstraintProblem } from '../../http/problems/constraint-problem.decorator.js';
import type { Role } from '../../../config/scopes.js';
import { ResourceColumns } from '../../platform/database/columns.js';
import { Visible } from '../../platform/database/entity-columns.js';

/** Somebody who can sign in. The e-mail is unique without regard to case, and free again once the user is deleted. */
@ConstraintProblem('users_email_key', 'duplicate_email')
@Entity({ name: 'users' })
@Check('users_email_check', `char_length(email) BETWEEN 3 AND 254`)
@Check('users_full_name_check', `char_length(full_name) BETWEEN 2 AND 100`)
@Check('users_role_check', `role IN ('customer', 'manager', 'admin')`)
@Index('users_created_at_idx', ['createdAt', 'id'], { where: 'deleted_at IS NULL' })
@Index('users_role_idx', ['role', 'createdAt', 'id'], { where: 'deleted_at IS NULL' })
@Index('users_inactive_idx', ['createdAt', 'id'], { where: 'deleted_at IS NULL AND NOT is_active' })
@Index('users_access_changed_at_idx', ['accessChangedAt'])
@Index('users_email_key', { synchronize: false })
@Index('users_search_idx', { synchronize: false })
export class User extends ResourceColumns {
  @Visible()
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'users_pkey' })
  id: string;

  @Visible()
  @Column({ type: 'text' })
  email: string;

  @Visible()
  @Column({ name: 'full_name', type: 'text' })
  fullName: string;

  /** An argon2id string with its own salt and parameters; null while there is no password to sign in with. */
  @Column({ name: 'password_hash', type: 'text', nullable: true })
  passwordHash: string | null;

  @Visible()
  @Column({ type: 'text', default: 'customer' })
  role: Role;

  @Visible()
  @Column({ name: 'is_active', type: 'boolean', default: true })
  isActive: boolean;

  @Visible()
  @Column({ name: 'email_verified', type: 'boolean', default: false })
  emailVerified: boolean;

  /** Sessions that began before are over: after a deactivation, a deletion or a new password. */
  @Column({ name: 'sessions_valid_from', type: 'timestamptz', precision: 3 })
  sessionsValidFrom: Date;

  /** When one of these last changed (a trigger notes it): tells instances which running tokens to look at again. */
  @Column({ name: 'access_changed_at', type: 'timestamptz', precision: 3 })
  accessChangedAt: Date;
}

/** What decides whether a running token is still good, and for what; as the database announces it, too. */
export interface UserAccess {
  readonly id: string;
  readonly role: Role;
  readonly isActive: boolean;
  readonly isDeleted: boolean;
  readonly emailVerified: boolean;
  /** Milliseconds since 1970. */
  readonly sessionsValidFrom: number;
  readonly version: number;
}
