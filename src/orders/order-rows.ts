import { sortsOf } from '../platform/database/entity-columns.js';
import type { Sorts } from '../platform/database/keyset.js';
import type { OrderItem } from './order-item.entity.js';
import { Order } from './order.entity.js';

export type OrderLine = Omit<OrderItem, 'orderId' | 'position'>;

/** An order as it is read: always with its items, in their order. */
export type OrderWithItems = Order & { readonly items: readonly OrderLine[] };

/** The items come along as JSON, in which money is text, so that it stays exact. */
export const COLUMNS = `id, user_id AS "userId", status, currency, total, note, expires_at AS "expiresAt", version,
  created_at AS "createdAt", updated_at AS "updatedAt", (
    SELECT json_agg(json_build_object('productId', product_id, 'sku', sku, 'name', name, 'unitPrice', unit_price::text,
      'quantity', quantity, 'isReserved', is_reserved) ORDER BY position)
    FROM order_items WHERE order_id = orders.id
  ) AS items`;

export const SORTS: Sorts<OrderWithItems> = sortsOf(Order);
