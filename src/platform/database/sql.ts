import { Injectable } from '@nestjs/common';
import type { Pool, PoolClient } from 'pg';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';

/**
 * Queries that every request makes, straight to the pool: prepared once for each connection, then only bound, which
 * spares PostgreSQL the planning and us the query runner. Only for texts that are few, and whose plan is always the same.
 */
@Injectable()
export class Sql {
  constructor(private readonly dataSource: DataSource) {}

  async prepared<Row extends object>(name: string, text: string, values: unknown[]): Promise<Row[]> {
    const { rows } = await poolOf(this.dataSource).query<Row>({ name, text, values });
    return rows;
  }

  /** The same within a transaction. */
  async preparedIn<Row extends object>(
    tx: EntityManager,
    name: string,
    text: string,
    values: unknown[],
  ): Promise<Row[]> {
    if (!tx.queryRunner) return this.prepared(name, text, values);
    const client = (await tx.queryRunner.connect()) as PoolClient;
    const { rows } = await client.query<Row>({ name, text, values });
    return rows;
  }
}

/** TypeORM leaves its driver's pool untyped. */
export function poolOf(dataSource: DataSource): Pool {
  return (dataSource.driver as unknown as { master: Pool }).master;
}
