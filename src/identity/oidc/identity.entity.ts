import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { User } from '../users/user.entity.js';

/** Whom an identity provider means by a subject: the pair is for ever one person's, unlike an e-mail address. */
@Entity({ name: 'identities' })
@Check('identities_subject_check', `char_length(subject) BETWEEN 1 AND 255`)
@Index('identities_user_id_idx', ['userId'])
export class Identity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'identities_pkey' })
  issuer: string;

  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'identities_pkey' })
  subject: string;

  @Column({ name: 'user_id', type: 'uuid' })
  @ForeignKey(() => User, { name: 'identities_user_id_fkey', onDelete: 'CASCADE' })
  userId: string;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}
