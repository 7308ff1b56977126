import { getMetadataArgsStorage } from 'typeorm';
import type { ObjectType } from 'typeorm';
import type { Sorts } from './keyset.js';

/** A column as its entity declares it. */
export interface EntityColumn {
  readonly property: string;
  /** In the database, and to clients. */
  readonly name: string;
  /** Of PostgreSQL, such as `timestamptz`. */
  readonly type: string;
  readonly isVisible: boolean;
  /** Set by the database or the service, never by a client. */
  readonly isGiven: boolean;
}

const visible = new Map<unknown, Set<string>>();

/** On a column of an entity: clients see it, under its name in the database, in events and exports, too. */
export const Visible = (): PropertyDecorator => (target, property) => {
  const properties = visible.get(target.constructor) ?? new Set<string>();
  visible.set(target.constructor, properties.add(String(property)));
};

const MODES: Readonly<Record<string, string>> = {
  createDate: 'timestamptz',
  updateDate: 'timestamptz',
  version: 'integer',
};

/** The columns that are read: those of the entity, then those that it shares with all resources. */
export function columnsOf(entity: object): EntityColumn[] {
  const classes = lineage(entity);
  return classes.flatMap((owner) =>
    getMetadataArgsStorage()
      .columns.filter(
        ({ target, mode, options }) => target === owner && mode !== 'deleteDate' && options.select !== false,
      )
      .map(({ propertyName: property, options, mode }) => ({
        property,
        name: options.name ?? property,
        type: String(options.type ?? MODES[mode]),
        isVisible: visible.get(owner)?.has(property) === true,
        isGiven: mode !== 'regular' || options.primary === true,
      })),
  );
}

/** Whether deleted rows of the table stay, with the time of their deletion. */
export function isSoftDeleted(entity: object): boolean {
  const owners = lineage(entity);
  return getMetadataArgsStorage().columns.some(
    ({ target, mode }) => mode === 'deleteDate' && owners.includes(target as object),
  );
}

export function tableNameOf(entity: object): string {
  const [table] = getMetadataArgsStorage().filterTables(entity as never);
  if (table?.name === undefined) throw new Error('The entity names no table');
  return table.name;
}

/** The SELECT list by which rows are read as plain objects with the properties of the entity. */
export function selectListOf(entity: object): string {
  return columnsOf(entity)
    .map(({ name, property }) => (name === property ? name : `${name} AS "${property}"`))
    .join(', ');
}

/** The names of all columns that clients see. */
export function visibleNamesOf(entity: object): string[] {
  return columnsOf(entity)
    .filter(({ isVisible }) => isVisible)
    .map(({ name }) => name);
}

/** The sorts by each column; which of them clients may use, the query of a list says. */
export function sortsOf<E>(entity: ObjectType<E>): Sorts<E> {
  return Object.fromEntries(
    columnsOf(entity).map(({ name, property, type }) => [
      name,
      { column: name, type, read: (row: E) => row[property as keyof E] as Date | string },
    ]),
  );
}

/** The entity's class, then those that it extends. */
function lineage(entity: object): object[] {
  const parent = Object.getPrototypeOf(entity) as object | null;
  return parent === null || parent === Function.prototype ? [entity] : [entity, ...lineage(parent)];
}
