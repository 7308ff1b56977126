import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** An address from which an account has signed in: strangers cannot use up its attempts there. */
@Entity({ name: 'known_addresses' })
@Index('known_addresses_expires_at_idx', ['expiresAt'])
export class KnownAddress {
  /** A SHA-256 of both. */
  @PrimaryColumn({ type: 'bytea', primaryKeyConstraintName: 'known_addresses_pkey' })
  key: Buffer;

  @Column({ name: 'expires_at', type: 'timestamptz', precision: 3 })
  expiresAt: Date;
}
