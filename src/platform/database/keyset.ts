import { Injectable } from '@nestjs/common';
import { Problem } from '../../http/problems/problem.js';
import { CursorCodec } from '../../http/pages/cursor.js';
import type { Page, PageQuery } from '../../http/pages/page.js';

/** A column that a list can be sorted by; an index on (column, id) serves it in both directions. */
export interface SortColumn<Row> {
  /** Trusted SQL, never text of a request. */
  readonly column: string;
  /** Of PostgreSQL, such as `timestamptz`. */
  readonly type: string;
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
  /** Other ways to the rows than the plain statement: each is tried where the one before did not fill the page. */
  readonly statements?: (slice: Slice) => AsyncIterable<string>;
}

/** SQL of what a statement is to find: rows that fit, in this order, no more than this. */
export interface Slice {
  readonly where: string;
  readonly order: string;
  readonly limit: string;
  /** Every statement has to name all of them. */
  readonly parameters: unknown[];
}

type RunQuery<Row> = (sql: string, parameters: unknown[]) => Promise<Row[]>;

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

  async page<Row extends { id: string }>(run: RunQuery<Row>, request: KeysetQuery<Row>): Promise<Page<Row>> {
    return this.pageOfParts(run, request.query, [Promise.resolve(request)]);
  }

  /** One list made of several, each as a whole before the next: a page goes over from the end of one into the next. */
  async pageOfParts<Row extends { id: string }>(
    run: RunQuery<Row>,
    { limit, cursor }: PageQuery,
    parts: AsyncIterable<KeysetQuery<Row>> | Iterable<Promise<KeysetQuery<Row>>>,
  ): Promise<Page<Row>> {
    const found: { row: Row; part: KeysetQuery<Row> }[] = [];
    let after = cursor;
    for await (const part of parts) {
      if (after !== undefined && !this.continues(part.list, part.query)) continue;
      for (const row of await this.rowsOf(run, part, after, limit + 1 - found.length))
        found.push({ row, part });
      after = undefined;
      if (found.length > limit) break;
    }
    if (after !== undefined) throw new Problem('invalid_cursor');
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      rows: page.map(({ row }) => row),
      nextCursor: last && found.length > limit ? this.cursorAt(last.part, last.row) : null,
    };
  }

  private async rowsOf<Row>(
    run: RunQuery<Row>,
    part: KeysetQuery<Row>,
    after: string | undefined,
    limit: number,
  ): Promise<Row[]> {
    const { sort, isDescending, order } = orderOf(part.sorts, part.query.sort);
    const conditions = [...part.filters.conditions];
    const parameters = [...part.filters.parameters];
    const add = (value: unknown) => `$${parameters.push(value)}`;
    if (after !== undefined) {
      const { value, id } = this.cursors.decode(bindingOf(part.list, part.query), after);
      const comparison = isDescending ? '<' : '>';
      conditions.push(`(${sort.column}, id) ${comparison} (${add(value)}::${sort.type}, ${add(id)}::uuid)`);
    }
    const slice = { where: conditions.join(' AND '), order, limit: add(limit), parameters };
    if (!part.statements) return run(plain(part.select, slice), parameters);
    let rows: Row[] = [];
    for await (const sql of part.statements(slice)) {
      rows = await run(sql, parameters);
      if (rows.length === limit) break;
    }
    return rows;
  }

  private cursorAt<Row extends { id: string }>({ list, query, sorts }: KeysetQuery<Row>, row: Row): string {
    const value = toText(orderOf(sorts, query.sort).sort.read(row));
    return this.cursors.encode(bindingOf(list, query), { value, id: row.id });
  }
}

function plain(select: string, { where, order, limit }: Slice): string {
  return `${select} WHERE ${where} ORDER BY ${order} LIMIT ${limit}`;
}

function orderOf<Row>(sorts: Sorts<Row>, name: string) {
  const isDescending = name.startsWith('-');
  const sort = sorts[isDescending ? name.slice(1) : name];
  if (!sort) throw new Error(`There is no sort ${name}`);
  const direction = isDescending ? 'DESC' : 'ASC';
  return { sort, isDescending, order: `${sort.column} ${direction}, id ${direction}` };
}

/** All rows of a list, in the order of its pages. */
export function wholeList<Row>({ select, filters, sorts, query }: Omit<KeysetQuery<Row>, 'list'>): {
  sql: string;
  parameters: readonly unknown[];
} {
  const sql = `${select} WHERE ${filters.conditions.join(' AND ')} ORDER BY ${orderOf(sorts, query.sort).order}`;
  return { sql, parameters: filters.parameters };
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
