import type { Slice } from '../../platform/database/keyset.js';
import { selectListOf } from '../../platform/database/entity-columns.js';
import { Product } from './product.entity.js';

const COLUMNS = selectListOf(Product);

/** Runs a statement where the caller is: on any connection, or in its transaction. */
export type RunQuery = <Row extends object>(sql: string, parameters: unknown[]) => Promise<Row[]>;

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

/** For each row of a page so many rows are looked through: fewer for one word, of which an index has all at once. */
const NEAR = { oneWord: 200, words: 500, sample: 100 };

/** To fetch a row costs what it costs to gather so many from an index. */
const FETCH = 20;

/** What a search asks of a product. Apart from the rest, its last word: that may be unfinished. */
export interface Conditions {
  readonly rest: string;
  readonly last?: string;
}

/**
 * The statements for products that match by a search index. Of many, enough are near in the order of the list, where
 * fetching and sorting all of them would take long; few are fetched and sorted at once, where meeting them on the way
 * through the order would take long. `OFFSET 0` keeps the planner, which mistakes one for the other, to that.
 */
export async function* nearOrAll(
  { rest, last = 'true' }: Conditions,
  slice: Slice,
  run: RunQuery,
): AsyncGenerator<string> {
  const { where, order, limit } = slice;
  const page = (source: string, condition: string) =>
    `SELECT ${COLUMNS} FROM ${source} WHERE ${condition} ORDER BY ${order} LIMIT ${limit}`;
  const all = (indexed: string) => `(SELECT * FROM products WHERE ${where} AND ${indexed} OFFSET 0) AS hits`;

  const isOneWord = last === 'true';

  yield page(next(isOneWord ? NEAR.oneWord : NEAR.words, slice), `${rest} AND ${last}`);
  const isFilter = !isOneWord && (await isBetterAsFilter({ rest, last }, slice, run));
  yield isFilter ? page(all(rest), last) : page(all(`${rest} AND ${last}`), 'true');
}

/**
 * Whether the last word is better looked for among all products that have the rest. An index goes straight to a whole
 * word, but has to gather everything that begins like an unfinished one, which may be nearly every product.
 */
async function isBetterAsFilter(
  { rest, last }: Required<Conditions>,
  slice: Slice,
  run: RunQuery,
): Promise<boolean> {
  const [sample] = await run<{ rest: number; last: number }>(
    `SELECT count(*) FILTER (WHERE ${rest})::int AS rest, count(*) FILTER (WHERE ${last})::int AS last
     FROM ${next(NEAR.sample, slice)}`,
    slice.parameters,
  );
  return sample !== undefined && sample.rest * FETCH < sample.last;
}

/** The next rows of the list, whether or not they match. */
function next(rows: number, { where, order, limit }: Slice): string {
  return `(SELECT * FROM products WHERE ${where} ORDER BY ${order} LIMIT ${limit}::int * ${rows}) AS near`;
}
