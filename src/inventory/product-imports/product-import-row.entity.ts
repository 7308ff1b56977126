import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { RowError } from './file-row.js';

/**
 * A row of a file that is yet to be carried out, in the order of the skus so that all rows of a sku are together; or, with an
 * empty sku, one that failed. It has no foreign key, whose check would cost more than the row.
 */
@Entity({ name: 'product_import_rows' })
export class ProductImportRow {
  @PrimaryColumn({
    name: 'import_id',
    type: 'uuid',
    primaryKeyConstraintName: 'product_import_rows_pkey',
  })
  importId: string;

  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'product_import_rows_pkey' })
  sku: string;

  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'product_import_rows_pkey' })
  line: number;

  @Column({ type: 'text', nullable: true })
  name: string | null;

  @Column({ type: 'text', nullable: true })
  description: string | null;

  /** Whether the row says what the description is; without that, the product keeps its own. */
  @Column({ name: 'has_description', type: 'boolean' })
  hasDescription: boolean;

  @Column({ type: 'numeric', precision: 10, scale: 2, nullable: true })
  price: string | null;

  /** Null: the product keeps its own. */
  @Column({ type: 'text', nullable: true })
  currency: string | null;

  /** Null: the product keeps its own. */
  @Column({ name: 'in_stock', type: 'boolean', nullable: true })
  inStock: boolean | null;

  /** Of a row that failed. */
  @Column({ type: 'jsonb', nullable: true })
  errors: RowError[] | null;
}
