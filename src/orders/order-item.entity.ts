import { Check, Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { Product } from '../inventory/products/product.entity.js';
import { Order } from './order.entity.js';

/** Some of a product, with what it was called and what it cost when it was ordered. */
@Entity({ name: 'order_items' })
@Check('order_items_position_check', 'position BETWEEN 0 AND 99')
@Check('order_items_unit_price_check', 'unit_price > 0')
@Check('order_items_quantity_check', 'quantity BETWEEN 1 AND 1000')
export class OrderItem {
  @PrimaryColumn({ name: 'order_id', type: 'uuid', primaryKeyConstraintName: 'order_items_pkey' })
  @ForeignKey(() => Order, { name: 'order_items_order_id_fkey' })
  orderId: string;

  @PrimaryColumn({ name: 'product_id', type: 'uuid', primaryKeyConstraintName: 'order_items_pkey' })
  @ForeignKey(() => Product, { name: 'order_items_product_id_fkey' })
  productId: string;

  /** Items come back in the order in which they were sent. */
  @Column({ type: 'smallint' })
  position: number;

  @Column({ type: 'text' })
  sku: string;

  @Column({ type: 'text' })
  name: string;

  /** A decimal string. */
  @Column({ name: 'unit_price', type: 'numeric', precision: 10, scale: 2 })
  unitPrice: string;

  @Column({ type: 'integer' })
  quantity: number;

  /** Whether its stock was tracked, so that the order holds some of it. */
  @Column({ name: 'is_reserved', type: 'boolean' })
  isReserved: boolean;
}
