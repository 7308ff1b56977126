import { ApiProperty, OmitType } from '@nestjs/swagger';
import { IsBoolean, IsIn } from 'class-validator';
import { OptionalField } from '../../http/validation/fields.js';
import { FromBoolean } from '../../http/validation/query-values.js';
import { IMPORT_STATUSES } from './import-status.js';
import type { ImportStatus } from './import-status.js';
import type { ProductImport } from './product-import.entity.js';
import type { ImportWithErrors } from './product-imports.service.js';

export class CreateImportQuery {
  /** Checks and counts everything, but changes no product. */
  @ApiProperty({ default: false })
  @IsBoolean({ message: '$property must be true or false' })
  @FromBoolean()
  @OptionalField()
  dry_run?: boolean;
}

/** A merge patch (RFC 7396). */
export class UpdateImportDto {
  /** Must be `cancelled`; works only while the import has not ended. */
  @ApiProperty({ enum: ['cancelled'] })
  @IsIn(['cancelled'])
  status: 'cancelled';
}

export class ImportErrorResponse {
  /**
   * The line of the file where the row starts.
   * @example 17
   */
  @ApiProperty({ type: 'integer' })
  line: number;

  /**
   * Null if the error is in the row as a whole.
   * @example "price"
   */
  @ApiProperty({ type: 'string', nullable: true })
  field: string | null;

  /** @example "min" */
  code: string;

  /** @example "price must be greater than 0" */
  message: string;
}

export class ImportFailureResponse {
  /** @example "upload_incomplete" */
  code: string;

  /** @example "The connection broke before the body was complete." */
  message: string;
}

export class ImportResponse {
  /** @example "0198c0de-7a11-7b3c-9d4e-5f60718293a4" */
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ enum: IMPORT_STATUSES, example: 'succeeded' })
  status: ImportStatus;

  /** @example false */
  dry_run: boolean;

  /**
   * The rows of the file; 0 until the upload is complete.
   * @example 1200
   */
  @ApiProperty({ type: 'integer' })
  total_rows: number;

  /**
   * The sum of the next four fields.
   * @example 1200
   */
  @ApiProperty({ type: 'integer' })
  processed_rows: number;

  /** @example 800 */
  @ApiProperty({ type: 'integer' })
  created_rows: number;

  /** @example 300 */
  @ApiProperty({ type: 'integer' })
  updated_rows: number;

  /**
   * Rows that change nothing, and rows whose sku appears again later in the file.
   * @example 99
   */
  @ApiProperty({ type: 'integer' })
  unchanged_rows: number;

  /** @example 1 */
  @ApiProperty({ type: 'integer' })
  failed_rows: number;

  /** Why it failed; null if it did not. */
  @ApiProperty({ type: ImportFailureResponse, nullable: true, example: null })
  error: ImportFailureResponse | null;

  /** The first 1,000 errors of failed rows, kept for 30 days. */
  @ApiProperty({ type: [ImportErrorResponse] })
  errors: ImportErrorResponse[];

  /** @example "0198c0de-7a11-7b3c-9d4e-5f60718293a4" */
  @ApiProperty({ format: 'uuid' })
  created_by: string | null;

  /** @example "2026-03-01T09:30:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  created_at: string;

  /** @example "2026-03-01T09:30:02.000Z" */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  started_at: string | null;

  /** @example "2026-03-01T09:30:05.000Z" */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  finished_at: string | null;

  static from({ errors, ...found }: ImportWithErrors): ImportResponse {
    return { ...ListedImportResponse.from(found), errors: [...errors] };
  }
}

/** Without row errors. */
export class ListedImportResponse extends OmitType(ImportResponse, ['errors']) {
  static from(found: ProductImport): ListedImportResponse {
    const { createdRows, updatedRows, unchangedRows, failedRows, errorCode, errorMessage } = found;
    return {
      id: found.id,
      status: found.status,
      dry_run: found.dryRun,
      total_rows: found.totalRows,
      processed_rows: createdRows + updatedRows + unchangedRows + failedRows,
      created_rows: createdRows,
      updated_rows: updatedRows,
      unchanged_rows: unchangedRows,
      failed_rows: failedRows,
      error: errorCode === null ? null : { code: errorCode, message: errorMessage ?? '' },
      created_by: found.createdBy,
      created_at: found.createdAt.toISOString(),
      started_at: found.startedAt?.toISOString() ?? null,
      finished_at: found.finishedAt?.toISOString() ?? null,
    };
  }
}
