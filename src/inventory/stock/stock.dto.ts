import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsInt, Max, Min, NotEquals } from 'class-validator';
import { CreatedRangeQuery } from '../../http/pages/page.js';
import { IsSort } from '../../http/pages/sort.decorator.js';
import { IsText, OptionalField, NullableField } from '../../http/validation/fields.js';
import type { Stock } from './stock-level.entity.js';
import type { StockMovement } from './stock-movement.entity.js';
import { CLIENT_REASONS, MAX_QUANTITY, MOVEMENT_REASONS } from './stock-rules.js';
import type { ClientReason, MovementReason } from './stock-rules.js';

export class StockResponse {
  /**
   * True from the first stock movement on; until then the numbers are null.
   * @example true
   */
  tracked: boolean;

  /** @example 40 */
  @ApiProperty({ type: 'integer', nullable: true })
  on_hand: number | null;

  /**
   * Reserved for orders, and still on hand.
   * @example 4
   */
  @ApiProperty({ type: 'integer', nullable: true })
  reserved: number | null;

  /**
   * On hand and not reserved.
   * @example 36
   */
  @ApiProperty({ type: 'integer', nullable: true })
  available: number | null;

  static from({ onHand, reserved }: Stock): StockResponse {
    if (onHand === null) return { tracked: false, on_hand: null, reserved: null, available: null };
    return { tracked: true, on_hand: onHand, reserved, available: onHand - reserved };
  }
}

export class CreateStockMovementDto {
  /**
   * Negative to remove stock; not 0. Correct a wrong movement with one of the opposite sign.
   * @example 40
   */
  @ApiProperty({ type: 'integer' })
  @NotEquals(0, { message: '$property must not be 0' })
  @Max(MAX_QUANTITY, { message: `$property must be at most ${MAX_QUANTITY}` })
  @Min(-MAX_QUANTITY, { message: `$property must be at least -${MAX_QUANTITY}` })
  @IsInt({ message: '$property must be a whole number' })
  quantity: number;

  /** @example "receipt" */
  @ApiProperty({ enum: CLIENT_REASONS })
  @IsIn(CLIENT_REASONS, { message: `$property must be one of ${CLIENT_REASONS.join(' ')}` })
  reason: ClientReason;

  /** @example "Delivery note 4711" */
  @IsText(1, 500)
  @NullableField()
  note?: string | null;
}

export class ListStockMovementsQuery extends CreatedRangeQuery {
  /** Only movements for this reason. */
  @ApiProperty({ enum: MOVEMENT_REASONS })
  @IsIn(MOVEMENT_REASONS, { message: `$property must be one of ${MOVEMENT_REASONS.join(' ')}` })
  @OptionalField()
  reason?: MovementReason;

  /** `-` for descending. */
  @IsSort('created_at')
  sort: string = '-created_at';
}

export class StockMovementResponse {
  /** @example "0198c0de-7a11-7b3c-9d4e-5f60718293b5" */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /** @example "0198c0de-7a11-7b3c-9d4e-5f60718293a4" */
  @ApiProperty({ format: 'uuid' })
  product_id: string;

  /** @example 40 */
  @ApiProperty({ type: 'integer' })
  quantity: number;

  /** @example "receipt" */
  @ApiProperty({ enum: MOVEMENT_REASONS })
  reason: MovementReason;

  /** @example "Delivery note 4711" */
  note: string | null;

  /**
   * The order, if the reason is `shipment`.
   * @example null
   */
  @ApiProperty({ type: 'string', format: 'uuid', nullable: true })
  order_id: string | null;

  /**
   * The user who created it, also with an API key; null for the service itself.
   * @example "0198c0de-7a11-7b3c-9d4e-5f60718293c6"
   */
  @ApiProperty({ type: 'string', format: 'uuid', nullable: true })
  created_by: string | null;

  /** @example "2026-03-01T09:30:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  created_at: string;

  static from(movement: StockMovement): StockMovementResponse {
    return {
      id: movement.id,
      product_id: movement.productId,
      quantity: movement.quantity,
      reason: movement.reason,
      note: movement.note,
      order_id: movement.orderId,
      created_by: movement.createdBy,
      created_at: movement.createdAt.toISOString(),
    };
  }
}
