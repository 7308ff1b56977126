import type { Filters } from '../../platform/database/keyset.js';
import { toUtc } from '../../http/validation/fields.js';
import type { ListProductsQuery } from './product.dto.js';

/** The WHERE of a list, but for `q`: each filter is one condition that an index serves. */
export function filtersOf(query: ListProductsQuery): Filters {
  const conditions = ['deleted_at IS NULL'];
  const parameters: unknown[] = [];
  const add = (value: unknown, condition: (parameter: string) => string) => {
    if (value !== undefined) conditions.push(condition(`$${parameters.push(value)}`));
  };
  add(query.sku, (sku) => `sku = ${sku}`);
  add(query.currency, (currency) => `currency = ${currency}`);
  // Written out, as an index covers those that are out of stock, the rarer ones.
  if (query.in_stock !== undefined) conditions.push(query.in_stock ? 'in_stock' : 'NOT in_stock');
  add(query.min_price, (price) => `price >= ${price}`);
  add(query.max_price, (price) => `price <= ${price}`);
  add(query.created_after && toUtc(query.created_after), (time) => `created_at > ${time}`);
  add(query.created_before && toUtc(query.created_before), (time) => `created_at < ${time}`);
  return { conditions, parameters };
}
