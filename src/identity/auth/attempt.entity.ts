import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * A budget of attempts, of an address or of an account: written by the function `take_attempts` only, and empty after a
 * crash of the server, as the table is unlogged.
 */
@Entity({ name: 'attempts' })
@Index('attempts_resets_at_idx', ['resetsAt'])
export class Attempt {
  /** A SHA-256 of what is counted, so that the table holds neither e-mails nor addresses. */
  @PrimaryColumn({ type: 'bytea', primaryKeyConstraintName: 'attempts_pkey' })
  key: Buffer;

  @Column({ type: 'integer' })
  hits: number;

  /** How many windows in a row were overrun. */
  @Column({ type: 'smallint' })
  strikes: number;

  @Column({ name: 'resets_at', type: 'timestamptz', precision: 3 })
  resetsAt: Date;
}
