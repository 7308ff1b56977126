import type { ApiClient, ApiResponse } from './api-client.js';

export interface ProductBody extends Record<string, unknown> {
  id: string;
  sku: string;
  name: string;
  description: string | null;
  price: number;
  currency: string;
  in_stock: boolean;
  created_at: string;
  updated_at: string;
}

export interface ProductPage {
  data: ProductBody[];
  next_cursor: string | null;
  has_more: boolean;
}

let skus = 0;

/** One that no other product of the test file has. */
export function newSku(): string {
  skus += 1;
  return `SKU-${skus}`;
}

/** What a client sends to create a product: the required fields, and these. */
export function aProduct(fields: Record<string, unknown> = {}): Record<string, unknown> & { sku: string } {
  return { sku: newSku(), name: 'Claw hammer', price: 24.9, ...fields };
}

/** Creates a product over HTTP, and expects that to work. */
export async function createProduct(
  api: ApiClient,
  fields: Record<string, unknown> = {},
): Promise<ProductBody> {
  const { status, body, text } = await api.post<ProductBody>('/v1/products', aProduct(fields));
  if (status !== 201) throw new Error(`The product was not created: ${status} ${text}`);
  return body;
}

/** All rows of a list, page by page, as a client reads them. */
export async function walk(
  api: ApiClient,
  path: string,
  onPage?: (page: number) => Promise<void>,
): Promise<ProductBody[]> {
  const rows: ProductBody[] = [];
  let next: string | null = path;
  for (let page = 0; next !== null; page += 1) {
    const { status, body, text, headers }: ApiResponse<ProductPage> = await api.get(next);
    if (status !== 200 || page > 1000) throw new Error(`Page ${page}: ${status} ${text}`);
    rows.push(...body.data);
    next = /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1] ?? null;
    if (body.has_more !== (next !== null) || (body.next_cursor !== null) !== body.has_more)
      throw new Error('Link, next_cursor and has_more disagree');
    await onPage?.(page);
  }
  return rows;
}
