import { CreateDateColumn, DeleteDateColumn, UpdateDateColumn, VersionColumn } from 'typeorm';
import { Visible } from './entity-columns.js';

/** What every resource's row has besides its own columns. Times are whole milliseconds, as clients see them. */
export abstract class ResourceColumns {
  @Visible()
  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @Visible()
  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;

  /** A deleted row stays; everything that clients can reach asks for `deleted_at IS NULL`. */
  @DeleteDateColumn({ name: 'deleted_at', type: 'timestamptz', precision: 3, nullable: true })
  deletedAt: Date | null;

  /** Counts the changes of the row; its ETag. */
  @VersionColumn()
  version: number;
}
