import { Injectable } from '@nestjs/common';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { destination, pino } from 'pino';
import { loadConfig } from '../../config/index.js';
import { AppModule } from '../app.module.js';
import { waitForDatabase } from '../platform/database/connect.js';
import { openDatabase } from '../platform/database/open-database.js';
import { prepareSchema } from '../startup/start.js';
import { describeError, NestLogger } from '../platform/telemetry/logger.js';
import { remark } from './output.js';

/**
 * The service without its HTTP side, on the database of the settings, which may be that of a service that runs. Opened
 * by the commands that need it: not for `--help`.
 */
@Injectable()
export class Stockroom {
  async use<T>(work: (app: INestApplicationContext) => Promise<T>): Promise<T> {
    const { config, stop } = await openDatabase(loadConfig(), remark, { join: true });
    const interrupted = () => void stop().finally(() => process.exit(130));
    process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
    try {
      await waitForDatabase(config.database.url ?? '', 'DATABASE_URL', {
        onWait: (reason) => remark(`The database does not answer yet (${reason}); waiting for it`),
      });
      const logger = pino({ level: 'warn', serializers: { err: describeError } }, destination(2));
      await prepareSchema(config, logger);
      const app = await NestFactory.createApplicationContext(AppModule.forConfig(config), {
        logger: new NestLogger(logger),
        abortOnError: false,
      });
      return await work(app).finally(() => app.close());
    } finally {
      await stop();
    }
  }
}
