import { Check, Column, Entity, Index, PrimaryColumn, VersionColumn } from 'typeorm';
import type { ImportStatus } from './import-status.js';

/** The work of importing one file. */
@Entity({ name: 'product_imports' })
@Check('product_imports_status_check', `status IN ('pending', 'running', 'succeeded', 'failed', 'cancelled')`)
@Check('product_imports_finished_at_check', `(finished_at IS NULL) = (status IN ('pending', 'running'))`)
@Check('product_imports_error_check', `(error_code IS NOT NULL) = (status = 'failed')`)
@Index('product_imports_created_at_idx', ['createdAt', 'id'])
@Index('product_imports_pending_idx', ['createdAt'], { where: `status = 'pending' AND uploaded_at IS NULL` })
@Index('product_imports_finished_at_idx', ['finishedAt'], { where: 'has_rows' })
export class ProductImport {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'product_imports_pkey' })
  id: string;

  @Column({ type: 'text' })
  status: ImportStatus;

  @Column({ name: 'dry_run', type: 'boolean' })
  dryRun: boolean;

  @Column({ name: 'total_rows', type: 'integer', default: 0 })
  totalRows: number;

  @Column({ name: 'created_rows', type: 'integer', default: 0 })
  createdRows: number;

  @Column({ name: 'updated_rows', type: 'integer', default: 0 })
  updatedRows: number;

  @Column({ name: 'unchanged_rows', type: 'integer', default: 0 })
  unchangedRows: number;

  @Column({ name: 'failed_rows', type: 'integer', default: 0 })
  failedRows: number;

  @Column({ name: 'error_code', type: 'text', nullable: true })
  errorCode: string | null;

  @Column({ name: 'error_message', type: 'text', nullable: true })
  errorMessage: string | null;

  /** Whether rows of it are staged, or kept because they failed. */
  @Column({ name: 'has_rows', type: 'boolean', default: false })
  hasRows: boolean;

  /** Null for an import at the command line. */
  @Column({ name: 'created_by', type: 'uuid', nullable: true })
  createdBy: string | null;

  /** Counts the changes of the row; its ETag. */
  @VersionColumn()
  version: number;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  /** When all of the file was there; from then on the job has it. */
  @Column({ name: 'uploaded_at', type: 'timestamptz', precision: 3, nullable: true })
  uploadedAt: Date | null;

  @Column({ name: 'started_at', type: 'timestamptz', precision: 3, nullable: true })
  startedAt: Date | null;

  @Column({ name: 'finished_at', type: 'timestamptz', precision: 3, nullable: true })
  finishedAt: Date | null;
}
