import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { ConstraintProblem } from '../../http/problems/constraint-problem.decorator.js';
import { ResourceColumns } from '../../platform/database/columns.js';
import { Visible } from '../../platform/database/entity-columns.js';

/** Something that is sold. Its sku is free again once it is deleted. */
@ConstraintProblem('products_sku_key', 'duplicate_sku')
@Entity({ name: 'products' })
@Check('products_sku_check', `sku ~ '^[A-Za-z0-9._-]+$' AND char_length(sku) <= 64`)
@Check('products_name_check', `char_length(name) BETWEEN 1 AND 200`)
@Check('products_description_check', `char_length(description) <= 5000`)
@Check('products_price_check', `price > 0 AND price <= 99999999.99`)
@Check('products_currency_check', `currency ~ '^[A-Z]{3}$'`)
@Index('products_sku_key', ['sku'], { unique: true, where: 'deleted_at IS NULL' })
@Index('products_created_at_idx', ['createdAt', 'id'], { where: 'deleted_at IS NULL' })
@Index('products_updated_at_idx', ['updatedAt', 'id'], { where: 'deleted_at IS NULL' })
@Index('products_price_idx', ['price', 'id'], { where: 'deleted_at IS NULL' })
@Index('products_name_idx', ['name', 'id'], { where: 'deleted_at IS NULL' })
@Index('products_currency_idx', ['currency', 'createdAt', 'id'], { where: 'deleted_at IS NULL' })
@Index('products_out_of_stock_idx', ['createdAt', 'id'], { where: 'deleted_at IS NULL AND NOT in_stock' })
@Index('products_search_idx', { synchronize: false })
@Index('products_name_words_idx', { synchronize: false })
@Index('products_lower_sku_idx', { synchronize: false })
export class Product extends ResourceColumns {
  @Visible()
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'products_pkey' })
  id: string;

  @Visible()
  @Column({ type: 'text' })
  sku: string;

  /** Sorted by code point, the same everywhere. */
  @Visible()
  @Column({ type: 'text', collation: 'C' })
  name: string;

  @Visible()
  @Column({ type: 'text', nullable: true })
  description: string | null;

  /** A decimal string such as `12.50`: money never passes through floating point arithmetic. */
  @Visible()
  @Column({ type: 'numeric', precision: 10, scale: 2 })
  price: string;

  @Visible()
  @Column({ type: 'text', default: 'USD' })
  currency: string;

  @Visible()
  @Column({ name: 'in_stock', type: 'boolean', default: true })
  inStock: boolean;

  /** Whether stock movements decide about `inStock`, which is otherwise a plain flag. */
  @Column({ name: 'stock_tracked', type: 'boolean', default: false })
  stockTracked: boolean;

  /** What `q` searches: made by a trigger from name, sku and description, never read or written from here. */
  @Column({ type: 'tsvector', select: false, insert: false, update: false })
  readonly search?: string;

  /** The part of `search` that comes from the name. */
  @Column({ name: 'name_words', type: 'tsvector', select: false, insert: false, update: false })
  readonly nameWords?: string;
}
