import { fromDecimal, toDecimal } from '../inventory/money/money.js';
import { invalid, Problem } from '../http/problems/problem.js';
import type { FieldError } from '../http/problems/problem.js';
import type { SoldProduct } from '../inventory/products/products.service.js';
import type { OrderLine } from './order-rows.js';

/** So many of a product, as a client asks for it. */
export interface RequestedItem {
  readonly product_id: string;
  readonly quantity: number;
}

/**
 * The items of an order, with their products as they are now.
 * @throws Problem `validation_failed` that names each product that is unknown, sent twice, or of another currency
 */
export function toLines(
  requested: readonly RequestedItem[],
  products: ReadonlyMap<string, SoldProduct>,
): OrderLine[] {
  const errors: FieldError[] = [];
  const lines = new Map<string, OrderLine>();
  const [{ product_id: first } = { product_id: '' }] = requested;
  const currency = products.get(first)?.currency;
  for (const [index, { product_id: id, quantity }] of requested.entries()) {
    const refuse = (code: string, message: string) =>
      errors.push({ pointer: `/items/${index}/product_id`, code, message });
    const product = products.get(id);
    if (!product) refuse('not_found', 'product_id does not match a product');
    else if (lines.has(id)) refuse('unique', 'product_id is a duplicate: send each product once');
    else if (currency !== undefined && product.currency !== currency)
      refuse('currency', `product_id is sold in ${product.currency}, but the first item in ${currency}`);
    else lines.set(id, lineOf(product, quantity));
  }
  if (errors.length > 0) throw invalid(errors);
  return [...lines.values()];
}

function lineOf({ id, sku, name, price, stockTracked }: SoldProduct, quantity: number): OrderLine {
  return { productId: id, sku, name, unitPrice: price, quantity, isReserved: stockTracked };
}

/** Exact: a price times 1,000 has 13 digits, and the sum of 100 of those 15. */
export function lineTotal({ unitPrice, quantity }: Pick<OrderLine, 'unitPrice' | 'quantity'>): string {
  return toDecimal(fromDecimal(unitPrice) * quantity);
}

export function totalOf(lines: readonly Pick<OrderLine, 'unitPrice' | 'quantity'>[]): string {
  return toDecimal(lines.reduce((sum, line) => sum + fromDecimal(lineTotal(line)), 0));
}

/** Names each item of which less is available than is asked for. */
export function insufficientStock(
  requested: readonly RequestedItem[],
  available: ReadonlyMap<string, number>,
): Problem {
  const errors = requested.flatMap(({ product_id: id, quantity }, index) => {
    const left = available.get(id);
    const message = `quantity is ${quantity}, but only ${left} are available`;
    return left === undefined
      ? []
      : [{ pointer: `/items/${index}/quantity`, code: 'insufficient_stock', message }];
  });
  return new Problem('insufficient_stock', 'Not enough stock for this order.', { errors });
}
