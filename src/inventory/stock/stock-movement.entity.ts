import { Check, Column, CreateDateColumn, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { StockLevel } from './stock-level.entity.js';
import { MAX_QUANTITY } from './stock-rules.js';
import type { MovementReason } from './stock-rules.js';

/** Some of a product that came or went. Rows are only ever added: a trigger refuses everything else. */
@Entity({ name: 'stock_movements' })
@Check(
  'stock_movements_quantity_check',
  `quantity <> 0 AND quantity BETWEEN -${MAX_QUANTITY} AND ${MAX_QUANTITY}`,
)
@Check('stock_movements_reason_check', `reason IN ('receipt', 'adjustment', 'return', 'loss', 'shipment')`)
@Check('stock_movements_note_check', `char_length(note) BETWEEN 1 AND 500`)
@Check('stock_movements_order_id_check', `(reason = 'shipment') = (order_id IS NOT NULL)`)
@Index('stock_movements_product_id_idx', ['productId', 'createdAt', 'id'])
@Index('stock_movements_reason_idx', ['productId', 'reason', 'createdAt', 'id'])
export class StockMovement {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'stock_movements_pkey' })
  id: string;

  /** There is no movement without a level that holds it. */
  @Column({ name: 'product_id', type: 'uuid' })
  @ForeignKey(() => StockLevel, { name: 'stock_movements_product_id_fkey' })
  productId: string;

  /** Negative for what went. */
  @Column({ type: 'integer' })
  quantity: number;

  @Column({ type: 'text' })
  reason: MovementReason;

  @Column({ type: 'text', nullable: true })
  note: string | null;

  /** Of a shipment, the order that it belongs to. */
  @Column({ name: 'order_id', type: 'uuid', nullable: true })
  orderId: string | null;

  /** The user whose credential asked for it; null for the service itself. */
  @Column({ name: 'created_by', type: 'uuid', nullable: true })
  createdBy: string | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}
