import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Config } from '../../../config/index.js';
import { CursorCodec } from '../../http/pages/cursor.js';
import { dataSourceOptions } from './data-source.options.js';
import { Keyset } from './keyset.js';
import { PgListener } from './pg-listener.js';
import { ResourceTables } from './resource-tables.js';
import { CursorReader } from './cursor-reader.js';
import { Sql } from './sql.js';
import { Transactions } from './transactions.js';

const SHARED = [CursorCodec, Keyset, PgListener, ResourceTables, CursorReader, Sql, Transactions];

/** The connection pool of the service, and what repositories use it by. */
@Global()
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [Config],
      useFactory: (config: Config) => ({
        ...dataSourceOptions(config, config.database.url ?? ''),
        autoLoadEntities: true,
        // main.ts has seen the database answer; from then on the pool heals by itself.
        retryAttempts: 0,
      }),
    }),
  ],
  providers: SHARED,
  exports: SHARED,
})
export class DatabaseModule {}
