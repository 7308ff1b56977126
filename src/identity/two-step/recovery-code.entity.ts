import { Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { TwoStepSecret } from './two-step-secret.entity.js';

/** A code that was not used yet; using it deletes the row. They go with the secret that they stand in for. */
@Entity({ name: 'recovery_codes' })
export class RecoveryCode {
  @PrimaryColumn({ name: 'user_id', type: 'uuid', primaryKeyConstraintName: 'recovery_codes_pkey' })
  @ForeignKey(() => TwoStepSecret, { name: 'recovery_codes_user_id_fkey', onDelete: 'CASCADE' })
  userId: string;

  @PrimaryColumn({ name: 'code_hash', type: 'bytea', primaryKeyConstraintName: 'recovery_codes_pkey' })
  codeHash: Buffer;
}
