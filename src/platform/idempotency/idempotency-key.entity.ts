import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** An Idempotency-Key that was carried out. Committed together with its effect, so that there is never one without the other. */
@Entity({ name: 'idempotency_keys' })
@Index('idempotency_keys_expires_at_idx', ['expiresAt'])
export class IdempotencyKey {
  /** SHA-256 of the caller, the route and the key. */
  @PrimaryColumn({ name: 'key_hash', type: 'bytea', primaryKeyConstraintName: 'idempotency_keys_pkey' })
  keyHash: Buffer;

  /** The request's fingerprint and the answer, sealed: some answers show a secret, this once. */
  @Column({ name: 'sealed_answer', type: 'text' })
  sealedAnswer: string;

  @Column({ name: 'expires_at', type: 'timestamptz', precision: 3 })
  expiresAt: Date;
}
