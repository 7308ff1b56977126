import type { ApiClient } from './api-client.js';
import { createProduct } from './products.js';
import type { ProductBody } from './products.js';
import { move } from './stock.js';

export interface OrderItemBody {
  product_id: string;
  sku: string;
  name: string;
  unit_price: number;
  quantity: number;
  line_total: number;
}

export interface OrderBody extends Record<string, unknown> {
  id: string;
  user_id: string;
  status: string;
  items: OrderItemBody[];
  currency: string;
  total: number;
  note: string | null;
  expires_at: string | null;
  created_at: string;
  updated_at: string;
}

export const ORDERS = '/v1/orders';
export const orderPath = (id: string) => `${ORDERS}/${id}`;

/** What a client sends to order so much of each product: `[['0198...', 2]]`. */
export const anOrder = (wishes: readonly (readonly [string, number])[], fields: object = {}) => ({
  items: wishes.map(([product_id, quantity]) => ({ product_id, quantity })),
  ...fields,
});

/** Orders over HTTP, and expects that to work. */
export async function placeOrder(
  api: ApiClient,
  wishes: readonly (readonly [string, number])[],
  fields: object = {},
): Promise<OrderBody> {
  const { status, body, text } = await api.post<OrderBody>(ORDERS, anOrder(wishes, fields));
  if (status !== 201) throw new Error(`The order was not created: ${status} ${text}`);
  return body;
}

/** Moves an order over HTTP, and expects that to work. */
export async function moveOrder(api: ApiClient, id: string, status: string): Promise<OrderBody> {
  const answer = await api.patch<OrderBody>(orderPath(id), { status });
  if (answer.status !== 200) throw new Error(`The order was not moved: ${answer.status} ${answer.text}`);
  return answer.body;
}

/** A new product with so much tracked stock. */
export async function stocked(
  manager: ApiClient,
  quantity: number,
  fields: Record<string, unknown> = {},
): Promise<ProductBody> {
  const product = await createProduct(manager, fields);
  await move(manager, product.id, quantity);
  return product;
}
