import type { Filters } from '../platform/database/keyset.js';
import { toUtc } from '../http/validation/fields.js';
import type { ListOrdersQuery } from './order.dto.js';

/** The WHERE of a list, of one user or (null) of all. */
export function filtersOf(userId: string | null, query: ListOrdersQuery): Filters {
  const conditions = ['true'];
  const parameters: unknown[] = [];
  const add = (value: unknown, condition: string) => {
    if (value !== undefined && value !== null) conditions.push(`${condition} $${parameters.push(value)}`);
  };
  add(userId, 'user_id =');
  add(query.status, 'status =');
  add(query.created_after && toUtc(query.created_after), 'created_at >');
  add(query.created_before && toUtc(query.created_before), 'created_at <');
  return { conditions, parameters };
}
