import type { Slice } from '../common/pages/keyset.js';
import { COLUMNS } from './product-rows.js';

/** A condition: it names its values by `add`, which makes them parameters of the statement. */
export type Matches = (add: (value: string) => string) => string;

export const LOWER_SKU = 'lower(sku COLLATE "C")';

export function skuBetween([from, to]: readonly [from: string, to: string]): Matches {
  return (add) => `${LOWER_SKU} BETWEEN ${add(from)} AND ${add(to)}`;
}

export function inName(tsQuery: string): Matches {
  return (add) => `name_words @@ ${add(tsQuery)}::tsquery`;
}

export function anywhere(tsQuery: string): Matches {
  return (add) => `search @@ ${add(tsQuery)}::tsquery`;
}

export function not(matches: Matches): Matches {
  return (add) => `NOT (${matches(add)})`;
}

export function allOf(...conditions: Matches[]): Matches {
  return (add) => conditions.map((matches) => matches(add)).join(' AND ');
}

export function anyOf(...conditions: Matches[]): Matches {
  return (add) => `(${conditions.map((matches) => matches(add)).join(' OR ')})`;
}

/** For each row of a page so many rows are looked through; ten thousand take some milliseconds. */
const NEAR = 500;

/**
 * The statements for products that match by a search index. Of many, enough are near in the order of the list, where
 * fetching and sorting all of them would take long; few are fetched and sorted at once, where meeting them on the way
 * through the order would take long. `OFFSET 0` keeps the planner, which mistakes one for the other, to that.
 */
export function nearOrAll(matches: string): (slice: Slice) => readonly string[] {
  return ({ where, order, limit }) => [
    `SELECT ${COLUMNS} FROM (
       SELECT * FROM products WHERE ${where} ORDER BY ${order} LIMIT ${limit}::int * ${NEAR}) AS near
     WHERE ${matches} ORDER BY ${order} LIMIT ${limit}`,
    `SELECT ${COLUMNS} FROM (SELECT * FROM products WHERE ${where} AND ${matches} OFFSET 0) AS hits
     ORDER BY ${order} LIMIT ${limit}`,
  ];
}
