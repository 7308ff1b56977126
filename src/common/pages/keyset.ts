import { Injectable } from '@nestjs/common';
import { CursorCodec } from './cursor.js';
import type { Page, PageQuery } from './page.js';

/** A column that a list can be sorted by; an index on (column, id) serves it in both directions. */
export interface SortColumn<Row> {
  /** Trusted SQL, never text of a request. */
  readonly column: string;
  readonly type: 'timestamptz' | 'numeric' | 'text' | 'real';
  read(row: Row): Date | string | number;
}

/** The sorts of a resource, by the names that clients use: `price` ascending, `-price` descending. */
export type Sorts<Row> = Readonly<Record<string, SortColumn<Row>>>;

export interface Filters {
  /** SQL conditions, joined by AND. */
  readonly conditions: readonly string[];
  readonly parameters: readonly unknown[];
}

export interface KeysetQuery<Row> {
  /** Names the list in its cursors. */
  readonly list: string;
  /** `select ... from ...`, without WHERE. */
  readonly select: string;
  readonly filters: Filters;
  readonly sorts: Sorts<Row>;
  readonly query: PageQuery & { sort: string };
}

type Run<Row> = (sql: string, parameters: unknown[]) => Promise<Row[]>;

/**
 * Keyset pagination: a page begins after the last row of the page before, found through an index, so that page N costs
 * what page 1 costs and no row is skipped or repeated because of an insert or a delete elsewhere.
 */
@Injectable()
export class Keyset {
  constructor(private readonly cursors: CursorCodec) {}

  /** Whether the query goes on in this list, rather than beginning one or belonging to another. */
  continues(list: string, query: KeysetQuery<never>['query']): boolean {
    return query.cursor !== undefined && this.cursors.isOf(bindingOf(list, query), query.cursor);
  }

  async page<Row extends { id: string }>(run: Run<Row>, request: KeysetQuery<Row>): Promise<Page<Row>> {
    const { query, filters, sorts } = request;
    const { sort, descending, clause } = orderOf(sorts, query.sort);
    const list = bindingOf(request.list, query);
    const conditions = [...filters.conditions];
    const parameters = [...filters.parameters];
    if (query.cursor !== undefined) {
      const { value, id } = this.cursors.decode(list, query.cursor);
      parameters.push(value, id);
      const [valueAt, idAt] = [parameters.length - 1, parameters.length];
      conditions.push(
        `(${sort.column}, id) ${descending ? '<' : '>'} ($${valueAt}::${sort.type}, $${idAt}::uuid)`,
      );
    }
    parameters.push(query.limit + 1);
    const sql = `${request.select} WHERE ${conditions.join(' AND ')} ${clause} LIMIT $${parameters.length}`;
    const found = await run(sql, parameters);
    const rows = found.slice(0, query.limit);
    const last = rows.at(-1);
    if (found.length <= query.limit || !last) return { rows, nextCursor: null };
    return { rows, nextCursor: this.cursors.encode(list, { value: toText(sort.read(last)), id: last.id }) };
  }
}

/** All rows of a list, in the order of its pages. */
export function wholeList<Row>({ select, filters, sorts, query }: Omit<KeysetQuery<Row>, 'list'>): {
  sql: string;
  parameters: readonly unknown[];
} {
  const sql = `${select} WHERE ${filters.conditions.join(' AND ')} ${orderOf(sorts, query.sort).clause}`;
  return { sql, parameters: filters.parameters };
}

function orderOf<Row>(sorts: Sorts<Row>, name: string) {
  const descending = name.startsWith('-');
  const sort = sorts[descending ? name.slice(1) : name];
  if (!sort) throw new Error(`There is no sort ${name}`);
  const direction = descending ? 'DESC' : 'ASC';
  return { sort, descending, clause: `ORDER BY ${sort.column} ${direction}, id ${direction}` };
}

/** One spelling for one list: everything that decides which rows it holds and in which order. */
function bindingOf(list: string, query: PageQuery & { sort: string }): string {
  const parts = Object.entries(query)
    .filter(([name, value]) => name !== 'limit' && name !== 'cursor' && value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([list, parts]);
}

function toText(value: Date | string | number): string {
  return value instanceof Date ? value.toISOString() : String(value);
}
