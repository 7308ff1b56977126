import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import type { Config } from '../config/index.js';
import { createApp } from './app.js';
import { traceIdOf } from './common/context/request-context.js';
import { Problem, problemBody } from './common/problems/problem.js';
import { waitForDatabase } from './database/connect.js';
import { dataSourceOptions } from './database/data-source.options.js';
import { pendingMigrations, runMigrations } from './database/migrations.js';
import { openWaitingRoom } from './database/waiting-room.js';
import type { WaitingRoom } from './database/waiting-room.js';
import { prepareDatabase } from './first-run.js';
import type { FirstRun } from './first-run.js';

/** A start that cannot succeed; the message is for people, and names the way out. */
export class StartError extends Error {}

/** Brings the service up on the database of the settings, which is waited for. */
export async function startService(
  config: Config,
  logger: Logger,
  signal: AbortSignal,
): Promise<{ app: NestFastifyApplication; firstRun: FirstRun }> {
  const room = await awaitDatabase(config, logger, signal);
  try {
    await prepareSchema(config, logger);
    const app = await createApp(config, logger);
    const firstRun = await prepareDatabase(app, config);
    await room?.close();
    await app.listen(config.http.port, config.http.host);
    return { app, firstRun };
  } catch (error) {
    await room?.close();
    throw error;
  }
}

async function awaitDatabase(
  config: Config,
  logger: Logger,
  signal: AbortSignal,
): Promise<WaitingRoom | undefined> {
  let room: WaitingRoom | undefined;
  await waitForDatabase(config.database.url ?? '', 'DATABASE_URL', {
    signal,
    onWait: async (reason) => {
      logger.warn({ err: reason }, 'The database does not answer yet; waiting for it');
      room = await openWaitingRoom(config.http, (path) =>
        problemBody(new Problem('unavailable', 'The service waits for its database.'), {
          path,
          traceId: traceIdOf({ headers: {} }),
          publicUrl: config.http.publicUrl,
        }),
      );
    },
  });
  if (room) logger.info('The database answers');
  return room;
}

/** Development brings the schema up to date by itself; production wants that to be somebody's decision. */
async function prepareSchema(config: Config, logger: Logger): Promise<void> {
  const url = config.isProduction ? config.database.url : config.database.migrationUrl;
  const dataSource = await new DataSource(dataSourceOptions(config, url ?? '')).initialize();
  try {
    const pending = await pendingMigrations(dataSource);
    if (pending.length === 0) return;
    if (config.isProduction) {
      throw new StartError(`The database lacks ${pending.join(', ')}. Run: npm run migration:run`);
    }
    for (const name of await runMigrations(dataSource)) logger.info(`Migrated: ${name}`);
  } finally {
    await dataSource.destroy();
  }
}
