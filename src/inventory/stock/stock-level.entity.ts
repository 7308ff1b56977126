import { Check, Column, Entity, ForeignKey, PrimaryColumn, UpdateDateColumn, VersionColumn } from 'typeorm';
import { Product } from '../products/product.entity.js';
import { MAX_ON_HAND } from './stock-rules.js';

/**
 * How much of a product there is: the sum of its movements. Apart from the product, so that a sale neither changes its
 * ETag nor holds the row that everybody reads. There is one from the first movement on, and it stays.
 */
@Entity({ name: 'stock_levels' })
@Check('stock_levels_on_hand_check', `on_hand <= ${MAX_ON_HAND}`)
@Check('stock_levels_reserved_check', `0 <= reserved AND reserved <= on_hand`)
export class StockLevel {
  @PrimaryColumn({ name: 'product_id', type: 'uuid', primaryKeyConstraintName: 'stock_levels_pkey' })
  @ForeignKey(() => Product, { name: 'stock_levels_product_id_fkey' })
  productId: string;

  @Column({ name: 'on_hand', type: 'integer' })
  onHand: number;

  /** Promised to orders, and still on hand. */
  @Column({ type: 'integer' })
  reserved: number;

  /** Counts the changes of the row; its ETag. */
  @VersionColumn()
  version: number;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}

/** The numbers of a level as they are at the moment. */
export type Counts = Pick<StockLevel, 'onHand' | 'reserved' | 'version'>;

/** The stock of a product; it has no numbers before the first movement. */
export type Stock = Counts | { readonly onHand: null; readonly reserved: null; readonly version: 0 };
