import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsInt, IsUUID, Max, Min } from 'class-validator';
import { exportColumnsOf } from '../http/exports/exportable.decorators.js';
import { toAmount } from '../inventory/money/money.js';
import { CreatedRangeQuery } from '../http/pages/page.js';
import { IsSort } from '../http/pages/sort.decorator.js';
import { IsText, OptionalField, NullableField } from '../http/validation/fields.js';
import { IsListOf } from '../http/validation/list-of.decorator.js';
import { lineTotal } from './order-lines.js';
import type { OrderLine, OrderWithItems } from './order-rows.js';
import { ORDER_STATUSES } from './order-status.js';
import type { OrderStatus } from './order-status.js';

const ID_MESSAGE = { message: '$property must be a UUID' };
const STATUS_MESSAGE = { message: `$property must be one of ${ORDER_STATUSES.join(' ')}` };

export class CreateOrderItemDto {
  /** @example "0198c0de-7a11-7b3c-9d4e-5f60718293a4" */
  @ApiProperty({ format: 'uuid' })
  @IsUUID('loose', ID_MESSAGE)
  product_id: string;

  /** @example 2 */
  @ApiProperty({ type: 'integer' })
  @Max(1000, { message: '$property must be at most 1000' })
  @Min(1, { message: '$property must be at least 1' })
  @IsInt({ message: '$property must be a whole number' })
  quantity: number;
}

export class CreateOrderDto {
  /** Each product once, all in one currency. */
  @IsListOf(CreateOrderItemDto, 1, 100)
  items: CreateOrderItemDto[];

  /** @example "Please deliver to the back door." */
  @IsText(1, 500)
  @NullableField()
  note?: string | null;
}

/** A merge patch (RFC 7396). */
export class UpdateOrderDto {
  /**
   * The new status of the order.
   * @example "cancelled"
   */
  @ApiProperty({ enum: ORDER_STATUSES })
  @IsIn(ORDER_STATUSES, STATUS_MESSAGE)
  status: OrderStatus;

  /**
   * Replaces the current note; `null` removes it.
   * @example "Ordered by mistake."
   */
  @IsText(1, 500)
  @NullableField()
  note?: string | null;
}

export class ListOrdersQuery extends CreatedRangeQuery {
  /** Only orders in this state. */
  @ApiProperty({ enum: ORDER_STATUSES })
  @IsIn(ORDER_STATUSES, STATUS_MESSAGE)
  @OptionalField()
  status?: OrderStatus;

  /** Only orders of this user. Requires the scope `orders:admin`; without it, the list has only your own orders. */
  @ApiProperty({ format: 'uuid' })
  @IsUUID('loose', ID_MESSAGE)
  @OptionalField()
  user_id?: string;

  /** `-` for descending. */
  @IsSort('created_at', 'total')
  sort: string = '-created_at';
}

export class OrderItemResponse {
  /** @example "0198c0de-7a11-7b3c-9d4e-5f60718293a4" */
  @ApiProperty({ format: 'uuid' })
  product_id: string;

  /**
   * As at the time of the order, like the name and the price.
   * @example "TOOL-HMR-0450"
   */
  sku: string;

  /** @example "Claw hammer 450 g" */
  name: string;

  /** @example 24.9 */
  unit_price: number;

  /** @example 2 */
  @ApiProperty({ type: 'integer' })
  quantity: number;

  /** @example 49.8 */
  line_total: number;

  static from(line: OrderLine): OrderItemResponse {
    return {
      product_id: line.productId,
      sku: line.sku,
      name: line.name,
      unit_price: toAmount(line.unitPrice),
      quantity: line.quantity,
      line_total: toAmount(lineTotal(line)),
    };
  }
}

export class OrderResponse {
  /** @example "0198c0de-7a11-7b3c-9d4e-5f60718293b5" */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /** @example "0198c0de-7a11-7b3c-9d4e-5f60718293c6" */
  @ApiProperty({ format: 'uuid' })
  user_id: string;

  @ApiProperty({ enum: ORDER_STATUSES, example: 'pending' })
  status: OrderStatus;

  /** In the order they were sent. */
  @ApiProperty({ type: [OrderItemResponse] })
  items: OrderItemResponse[];

  /** @example "USD" */
  currency: string;

  /**
   * The exact sum of the items.
   * @example 49.8
   */
  total: number;

  /** @example "Please deliver to the back door." */
  note: string | null;

  /**
   * Until then a pending order reserves its stock; null if it is no longer pending.
   * @example "2026-03-01T09:45:00.000Z"
   */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  expires_at: string | null;

  /** @example "2026-03-01T09:30:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  created_at: string;

  /** @example "2026-03-01T09:30:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  updated_at: string;

  static from(order: OrderWithItems): OrderResponse {
    return {
      id: order.id,
      user_id: order.userId,
      status: order.status,
      items: order.items.map((line) => OrderItemResponse.from(line)),
      currency: order.currency,
      total: toAmount(order.total),
      note: order.note,
      expires_at: order.status === 'pending' ? order.expiresAt.toISOString() : null,
      created_at: order.createdAt.toISOString(),
      updated_at: order.updatedAt.toISOString(),
    };
  }
}

export const ORDER_COLUMNS = exportColumnsOf<OrderResponse>({
  id: true,
  user_id: true,
  status: true,
  items: true,
  currency: true,
  total: true,
  note: true,
  expires_at: true,
  created_at: true,
  updated_at: true,
});
