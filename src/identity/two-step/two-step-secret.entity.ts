import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { User } from '../users/user.entity.js';

/** What a user's authenticator app makes its codes of. While it is not confirmed, no sign-in asks for it. */
@Entity({ name: 'two_step_secrets' })
export class TwoStepSecret {
  @PrimaryColumn({ name: 'user_id', type: 'uuid', primaryKeyConstraintName: 'two_step_secrets_pkey' })
  @ForeignKey(() => User, { name: 'two_step_secrets_user_id_fkey', onDelete: 'CASCADE' })
  userId: string;

  /** Sealed for this user: reading the database alone gives nobody the codes. */
  @Column({ name: 'sealed_secret', type: 'text' })
  sealedSecret: string;

  @Column({ name: 'confirmed_at', type: 'timestamptz', precision: 3, nullable: true })
  confirmedAt: Date | null;

  /** The time step of the last code that was used; it and all before it are used up. */
  @Column({ name: 'last_step', type: 'bigint', default: 0 })
  lastStep: string;

  /** Codes that were tried since the last right one, and when the latest of them was. */
  @Column({ type: 'integer', default: 0 })
  tries: number;

  @Column({ name: 'tried_at', type: 'timestamptz', precision: 3, nullable: true })
  triedAt: Date | null;

  /** Tells this secret from the one that it replaced. */
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}
