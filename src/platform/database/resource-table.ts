import type { DataSource, EntityManager, ObjectType } from 'typeorm';
import type { Page, PageQuery } from '../../http/pages/page.js';
import { Problem } from '../../http/problems/problem.js';
import type { Precondition } from '../../http/responses/precondition.js';
import type { ResourceColumns } from './columns.js';
import { columnsOf, selectListOf, sortsOf, tableNameOf } from './entity-columns.js';
import type { EntityColumn } from './entity-columns.js';
import { wholeList } from './keyset.js';
import type { Filters, Keyset, KeysetQuery, Sorts } from './keyset.js';
import type { CursorReader } from './cursor-reader.js';
import type { Sql } from './sql.js';
import { filtersOf } from './resource-filters.js';
import type { SpecialFilters } from './resource-filters.js';

export type Resource = ResourceColumns & { id: string };

/** The row to change. */
export interface Target {
  readonly id: string;
  readonly versions: Precondition;
  /** What else must be true of the row, as trusted SQL; and what to throw where only that is not. */
  readonly condition?: { readonly sql: string; readonly problem: () => Problem };
}

/** A value, or the SQL that makes it. */
export type NewValues<E> = { readonly [Name in keyof E]?: E[Name] | (() => string) };

/** A row before and after a change. */
export interface Change<E> {
  /** As JSON has it: a time is text, a decimal a number. */
  readonly before: Readonly<Partial<Record<keyof E, unknown>>>;
  readonly after: E;
}

type ListQuery = PageQuery & { sort?: string };

/**
 * The table of a resource: what follows from the columns of its entity. Rows are read as plain objects with the entity's
 * properties, as hydrating entities costs more than the query. A deleted row stays, and is not found any more.
 */
export class ResourceTable<E extends Resource> {
  readonly name: string;
  /** `SELECT ... FROM ...`, without WHERE. */
  readonly select: string;
  private readonly columns: string;
  private readonly sorts: Sorts<E>;
  private readonly byProperty: ReadonlyMap<string, EntityColumn>;
  private readonly statementNames = new Map<string, string>();
  /** What a PUT replaces, and what an event tells of. */
  private readonly changeable: readonly EntityColumn[];

  constructor(
    private readonly entity: ObjectType<E>,
    private readonly dataSource: DataSource,
    private readonly sql: Sql,
    private readonly keyset: Keyset,
    private readonly cursors: CursorReader,
  ) {
    const columns = columnsOf(entity);
    this.name = tableNameOf(entity);
    this.columns = selectListOf(entity);
    this.select = `SELECT ${this.columns} FROM ${this.name}`;
    this.sorts = sortsOf(entity);
    this.byProperty = new Map(columns.map((column) => [column.property, column]));
    this.changeable = columns.filter(({ isVisible, isGiven }) => isVisible && !isGiven);
  }

  async find(id: string, tx?: EntityManager): Promise<E | null> {
    const sql = `${this.select} WHERE id = $1 AND deleted_at IS NULL`;
    const name = `${this.name}:find`;
    const [row] = await (tx
      ? this.sql.preparedIn<E>(tx, name, sql, [id])
      : this.sql.prepared<E>(name, sql, [id]));
    return row ?? null;
  }

  /** @throws Problem `not_found` */
  async get(id: string, tx?: EntityManager): Promise<E> {
    return (await this.find(id, tx)) ?? notFound();
  }

  /** The row as it is, which it stays until the end of the transaction. */
  async lock(tx: EntityManager, id: string): Promise<E | null> {
    const sql = `${this.select} WHERE id = $1 AND deleted_at IS NULL FOR UPDATE`;
    const [row] = await this.sql.preparedIn<E>(tx, `${this.name}:lock`, sql, [id]);
    return row ?? null;
  }

  /** What is left out gets its default. */
  async insert(tx: EntityManager, values: NewValues<E>): Promise<E> {
    const { columns, expressions, parameters } = this.assignments({ ...values, version: 1 }, []);
    const sql = `INSERT INTO ${this.name} (${columns.join(', ')}) VALUES (${expressions.join(', ')}) RETURNING ${this.columns}`;
    const [row] = await this.sql.preparedIn<E>(tx, this.statementName(sql), sql, parameters);
    return row as E;
  }

  /**
   * Changes a row that exists in an accepted version, in one statement: of two writers with the same version one wins at
   * every isolation level. It is locked first, as the condition on its id needs the lock; so where that waits for another
   * writer, `before` is the row as that one left it. Without changes it only looks.
   * @throws Problem `not_found`, `precondition_failed`, or that of the condition
   */
  async update(tx: EntityManager, target: Target, changes: NewValues<E>): Promise<Change<E>> {
    const condition = target.condition?.sql ?? 'true';
    const where = `deleted_at IS NULL AND ($2::int[] IS NULL OR version = ANY ($2)) AND (${condition})`;
    const parameters = [target.id, target.versions === 'any' ? null : target.versions];
    const { columns, expressions } = this.assignments(changes, parameters);
    if (columns.length === 0) {
      const [row] = await tx.query<E[]>(`${this.select} WHERE id = $1 AND ${where}`, parameters);
      return row ? { before: row, after: row } : this.explainMiss(tx, target);
    }
    const assignments = columns.map((column, index) => `${column} = ${String(expressions[index])}`);
    const [[row]] = await tx.query<[[(E & Pick<Change<E>, 'before'>) | undefined]]>(
      `WITH held AS (${this.select} WHERE id = $1 FOR NO KEY UPDATE)
       UPDATE ${this.name} SET ${assignments.join(', ')}, version = version + 1, updated_at = CURRENT_TIMESTAMP
       WHERE id = (SELECT id FROM held) AND ${where}
       RETURNING ${this.columns}, (SELECT to_jsonb(held) FROM held) AS before`,
      parameters,
    );
    if (!row) return this.explainMiss(tx, target);
    const { before, ...after } = row;
    return { before, after: after as unknown as E };
  }

  /** @throws Problem `not_found`, `precondition_failed` */
  async softDelete(tx: EntityManager, target: Omit<Target, 'condition'>): Promise<void> {
    const [, deleted] = await tx.query<[unknown[], number]>(
      `UPDATE ${this.name} SET deleted_at = CURRENT_TIMESTAMP, version = version + 1, updated_at = CURRENT_TIMESTAMP
       WHERE id = $1 AND deleted_at IS NULL AND ($2::int[] IS NULL OR version = ANY ($2))`,
      [target.id, target.versions === 'any' ? null : target.versions],
    );
    if (deleted === 0) await this.explainMiss(tx, target);
  }

  /** Values of a body by the columns that its fields are named after: of those that clients may see and change, no others. */
  valuesOf(body: object): NewValues<E> {
    const fields = body as Readonly<Record<string, unknown>>;
    const sent = this.changeable.filter(({ name }) => fields[name] !== undefined);
    return Object.fromEntries(sent.map(({ name, property }) => [property, fields[name]])) as NewValues<E>;
  }

  /** All that a PUT replaces: what the body leaves out gets its default again. */
  replacementOf(body: object): NewValues<E> {
    const defaults = this.changeable.map(({ property }) => [property, () => 'DEFAULT']);
    return { ...Object.fromEntries(defaults), ...this.valuesOf(body) } as NewValues<E>;
  }

  /** What clients see of a change, for an event: `{field: [before, after]}` of the fields that differ. */
  changesOf({ before, after }: Change<E>): Record<string, readonly [unknown, unknown]> {
    const pairs = this.changeable.map((column) => {
      const property = column.property as keyof E;
      return [column.name, [shown(column, before[property]), shown(column, after[property])]] as const;
    });
    return Object.fromEntries(pairs.filter(([, [old, now]]) => JSON.stringify(old) !== JSON.stringify(now)));
  }

  /** The WHERE of a list, see `filtersOf`. */
  filters(query: object, special?: SpecialFilters): Filters {
    return filtersOf(this.entity, query, special);
  }

  /** One page, newest first unless the query says otherwise. */
  page(query: ListQuery, filters: Filters & { from?: string } = this.filters(query)): Promise<Page<E>> {
    const { sort = '-created_at' } = query;
    // Without filters there are few texts, each with one plan; with them, the values decide which plan is best.
    const name =
      filters.parameters.length === 0 && filters.conditions.length === 1
        ? `${this.name}:${sort}:${query.cursor === undefined ? 'first' : 'next'}`
        : undefined;
    const run = (sql: string, parameters: unknown[]): Promise<E[]> =>
      name === undefined ? this.dataSource.query(sql, parameters) : this.sql.prepared(name, sql, parameters);
    const list = this.listOf(query, filters);
    const select = filters.from === undefined ? this.select : `SELECT ${this.columns} FROM ${filters.from}`;
    return this.keyset.page<E>(run, { ...list, select });
  }

  /** All that match, in batches, as they are at one moment. */
  all(query: ListQuery, filters: Filters = this.filters(query)): AsyncIterable<E[]> {
    const list = wholeList(this.listOf(query, filters));
    return this.cursors.read<E>(() => Promise.resolve(list));
  }

  listOf(query: ListQuery, filters: Filters): KeysetQuery<E> {
    const { name, select, sorts } = this;
    return { list: name, select, filters, sorts, query: { ...query, sort: query.sort ?? '-created_at' } };
  }

  private assignments(values: NewValues<E>, parameters: unknown[]) {
    const entries = Object.entries(values).filter(([, value]) => value !== undefined);
    const columns = entries.map(([property]) => this.nameOf(property));
    const expressions = entries.map(([, value]) =>
      typeof value === 'function' ? (value as () => string)() : `$${parameters.push(value)}`,
    );
    return { columns, expressions, parameters };
  }

  /** Few sets of columns are inserted; each has a prepared statement. */
  private statementName(sql: string): string {
    const name = this.statementNames.get(sql) ?? `${this.name}:insert:${this.statementNames.size}`;
    this.statementNames.set(sql, name);
    return name;
  }

  private nameOf(property: string): string {
    const column = this.byProperty.get(property);
    if (!column) throw new Error(`${this.name} has no column for ${property}`);
    return column.name;
  }

  /** No row was changed: there is none, or not in a version that the caller accepts, or the condition does not hold. */
  private async explainMiss(tx: EntityManager, { id, versions, condition }: Target): Promise<never> {
    const { version } = await this.get(id, tx);
    const isAccepted = versions === 'any' || versions.includes(version);
    throw isAccepted && condition ? condition.problem() : new Problem('precondition_failed');
  }
}

/** As clients see it. */
function shown({ type }: EntityColumn, value: unknown): unknown {
  if (value === null || value === undefined) return value;
  if (type === 'numeric') return Number(value);
  return type === 'timestamptz' ? new Date(value as string).toISOString() : value;
}

export function notFound(): never {
  throw new Problem('not_found');
}
