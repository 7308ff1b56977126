import type { ApiClient } from './api-client.js';

export interface StockBody extends Record<string, unknown> {
  tracked: boolean;
  on_hand: number | null;
  reserved: number | null;
  available: number | null;
}

export interface MovementBody extends Record<string, unknown> {
  id: string;
  product_id: string;
  quantity: number;
  reason: string;
  note: string | null;
  order_id: string | null;
  created_by: string | null;
  created_at: string;
}

export const UNTRACKED: StockBody = { tracked: false, on_hand: null, reserved: null, available: null };

export const stockPath = (productId: string) => `/v1/products/${productId}/stock`;
export const movementsPath = (productId: string) => `/v1/products/${productId}/stock-movements`;

/** What a client sends to move stock: the required fields, and these. */
export const aMovement = (fields: object = {}) => ({ quantity: 5, reason: 'receipt', ...fields });

/** Moves stock over HTTP, and expects that to work. */
export async function move(
  api: ApiClient,
  productId: string,
  quantity: number,
  fields: object = {},
): Promise<MovementBody> {
  const sent = aMovement({ quantity, ...fields });
  const { status, body, text } = await api.post<MovementBody>(movementsPath(productId), sent);
  if (status !== 201) throw new Error(`The stock was not moved: ${status} ${text}`);
  return body;
}

export async function stockOf(api: ApiClient, productId: string): Promise<StockBody> {
  const { status, body, text } = await api.get<StockBody>(stockPath(productId));
  if (status !== 200) throw new Error(`There is no stock: ${status} ${text}`);
  return body;
}
