import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { ObjectType } from 'typeorm';
import { Keyset } from './keyset.js';
import { ResourceTable } from './resource-table.js';
import type { Resource } from './resource-table.js';
import { CursorReader } from './cursor-reader.js';
import { Sql } from './sql.js';

/** Makes the table of each resource, once. */
@Injectable()
export class ResourceTables {
  private readonly tables = new Map<unknown, unknown>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly sql: Sql,
    private readonly keyset: Keyset,
    private readonly cursors: CursorReader,
  ) {}

  of<E extends Resource>(entity: ObjectType<E>): ResourceTable<E> {
    const known = this.tables.get(entity) as ResourceTable<E> | undefined;
    if (known) return known;
    const table = new ResourceTable(entity, this.dataSource, this.sql, this.keyset, this.cursors);
    this.tables.set(entity, table);
    return table;
  }
}
