import { In, IsNull } from 'typeorm';
import type { EntityManager, EntityTarget, FindOptionsWhere, QueryDeepPartialEntity } from 'typeorm';
import type { ResourceColumns } from './columns.js';

// The casts below: TypeORM's types of values and conditions cannot be derived for an entity that is still generic.
type Resource = ResourceColumns & { id: string };

/** The versions that a writer accepts; `any` if the row only has to exist. */
export type AcceptedVersions = 'any' | readonly number[];

/** The row to change. */
export interface Target {
  readonly id: string;
  readonly versions: AcceptedVersions;
  /** What must hold of it besides: trusted SQL, never text of a request. */
  readonly condition?: string | undefined;
}

/** A value, or the SQL that makes it. */
export type NewValues<E> = { readonly [Name in keyof E]?: E[Name] | (() => string) };

/**
 * Changes a row that exists in an accepted version, in one statement: of two writers with the same version one wins at
 * every isolation level. Without changes it only looks.
 * @param columns the SELECT list of the answer
 * @returns the row after the change, or null if there is no such row in such a version
 */
export async function updateVersion<E extends Resource>(
  tx: EntityManager,
  entity: EntityTarget<E>,
  columns: string,
  target: Target,
  changes: NewValues<E>,
): Promise<E | null> {
  const where = whereOf<E>(target);
  const condition = target.condition ?? 'true';
  const rows =
    Object.keys(changes).length === 0
      ? await tx
          .createQueryBuilder(entity, 'row')
          .select(columns)
          .where(where)
          .andWhere(`(${condition})`)
          .getRawMany<E>()
      : ((
          await tx
            .createQueryBuilder()
            .update(entity)
            .set(changes as unknown as QueryDeepPartialEntity<E>)
            .where(where)
            .andWhere(`(${condition})`)
            .returning(columns)
            .execute()
        ).raw as E[]);
  return rows[0] ?? null;
}

/** A row before and after a change. */
export interface Change<E> {
  /** As JSON has it: a time is text, a decimal a number. */
  readonly before: Readonly<Partial<Record<keyof E, unknown>>>;
  readonly after: E;
}

/**
 * The same, and tells what the row was before, which takes no second statement. It is locked first, as the condition on
 * its id needs the lock; so where that waits for another writer, it is the row as that one left it.
 * @param columns with the id among them
 */
export async function changeVersion<E extends Resource>(
  tx: EntityManager,
  entity: EntityTarget<E>,
  columns: string,
  target: Target,
  changes: NewValues<E>,
): Promise<Change<E> | null> {
  const { tableName } = tx.dataSource.getMetadata(entity);
  const result = await tx
    .createQueryBuilder()
    .update(entity)
    .addCommonTableExpression(`SELECT ${columns} FROM ${tableName} WHERE id = :id FOR NO KEY UPDATE`, 'held')
    .set(changes as unknown as QueryDeepPartialEntity<E>)
    .where(whereOf<E>(target))
    .andWhere(`(${target.condition ?? 'true'})`)
    .andWhere('id = (SELECT id FROM held)', { id: target.id })
    .returning(`${columns}, (SELECT to_jsonb(held) FROM held) AS before`)
    .execute();
  const [row] = result.raw as (E & Pick<Change<E>, 'before'>)[];
  if (!row) return null;
  const { before, ...after } = row;
  return { before, after: after as unknown as E };
}

/** Marks a row that exists in an accepted version as deleted. Returns whether there was one. */
export async function softDeleteVersion<E extends Resource>(
  tx: EntityManager,
  entity: EntityTarget<E>,
  target: Omit<Target, 'condition'>,
): Promise<boolean> {
  const { affected } = await tx
    .createQueryBuilder()
    .softDelete()
    .from(entity)
    .where(whereOf<E>(target))
    .execute();
  return affected === 1;
}

function whereOf<E extends Resource>({ id, versions }: Target) {
  return {
    id,
    deletedAt: IsNull(),
    ...(versions !== 'any' && { version: In([...versions]) }),
  } as unknown as FindOptionsWhere<E>;
}
