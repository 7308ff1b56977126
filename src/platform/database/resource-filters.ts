import { toUtc } from '../../http/validation/fields.js';
import { columnsOf, isSoftDeleted, tableNameOf } from './entity-columns.js';
import type { Filters } from './keyset.js';

/** The conditions of fields, each from its parameter, such as `$3`. Trusted SQL, never text of a request. */
export type SpecialFilters = Readonly<Record<string, (parameter: string) => string>>;

/** Fields of a query that choose the page, not the rows. */
const PAGING = new Set(['limit', 'cursor', 'sort']);

/** How a field is compared that is named after a column. */
const COMPARISONS = [
  ['min_', '>='],
  ['max_', '<='],
  ['', '='],
] as const;

const TIMES: Readonly<Record<string, string>> = { created_after: '>', created_before: '<' };

/** What filters need to know of an entity. */
interface Filterable {
  readonly names: ReadonlySet<string>;
  readonly condition: string;
}

/** Derived once. */
const filterables = new WeakMap<object, Filterable>();

function filterableOf(entity: object): Filterable {
  const known = filterables.get(entity) ?? {
    names: new Set(columnsOf(entity).map(({ name }) => name)),
    condition: isSoftDeleted(entity) ? 'deleted_at IS NULL' : 'true',
  };
  filterables.set(entity, known);
  return known;
}

/**
 * The WHERE of a list. A field of the query that is named after a column asks for that value; `created_after` and
 * `created_before` exclude their bound, `min_...` and `max_...` include it.
 * @param special the conditions of other fields, and of columns that are compared in another way
 */
export function filtersOf(entity: object, query: object, special: SpecialFilters = {}): Filters {
  const { names, condition } = filterableOf(entity);
  const conditions = [condition];
  const parameters: unknown[] = [];
  const parameter = (value: unknown) => `$${parameters.push(value)}`;
  for (const [field, value] of Object.entries(query)) {
    if (value === undefined || PAGING.has(field)) continue;
    conditions.push(conditionOf(field, value));
  }
  return { conditions, parameters };

  function conditionOf(field: string, value: unknown): string {
    if (special[field]) return special[field](parameter(value));
    if (TIMES[field]) return `created_at ${TIMES[field]} ${parameter(toUtc(String(value)))}`;
    const [prefix, operator] = COMPARISONS.find(([start]) => field.startsWith(start)) ?? ['', '='];
    const column = field.slice(prefix.length);
    if (!names.has(column)) throw new Error(`${tableNameOf(entity)} has no column for the filter ${field}`);
    // Written out, as an index may cover only those where it is true, or false.
    if (typeof value === 'boolean') return value ? column : `NOT ${column}`;
    return `${column} ${operator} ${parameter(value)}`;
  }
}
