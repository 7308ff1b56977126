import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import type { Config } from '../../config/index.js';
import { createApp } from '../app.js';
import { waitForDatabase } from '../platform/database/connect.js';
import { dataSourceOptions } from '../platform/database/data-source.options.js';
import { pendingMigrations, runMigrations } from '../platform/database/migrations.js';
import { StartError } from './failure-text.js';
import { prepareDatabase } from './first-run.js';
import type { FirstRun } from './first-run.js';
import { openWaitingRoom } from './waiting-room.js';
import type { WaitingRoom } from './waiting-room.js';

/** Longer than a statement may take, shorter than the patience of whoever stops us. */
const PATIENCE_MS = 8000;

/** Brings the service up on the database of the settings, which is waited for. */
export async function startService(
  config: Config,
  logger: Logger,
  signal: AbortSignal,
): Promise<{ app: NestFastifyApplication; firstRun: FirstRun }> {
  const room = await awaitDatabase(config, logger, signal);
  await prepareSchema(config, logger);
  const app = await createApp(config, logger);
  const firstRun = await prepareDatabase(app, config);
  await room?.close();
  await app.listen(config.http.port, config.http.host);
  return { app, firstRun };
}

/**
 * Finishes what is in flight, then closes the pool. A connection that was busy when the stop began stays open
 * after its answer, for as long as its client likes; and a client may never end what it began to say.
 */
export async function stopService(app: NestFastifyApplication): Promise<void> {
  const server = app.getHttpServer();
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const busy = setTimeout(() => server.closeAllConnections(), PATIENCE_MS);
  await app.close();
  clearInterval(idle);
  clearTimeout(busy);
}

/** Where there is something to wait for, clients are told so meanwhile; a service that can start at once just does. */
async function awaitDatabase(
  config: Config,
  logger: Logger,
  signal: AbortSignal,
): Promise<WaitingRoom | undefined> {
  let room: WaitingRoom | undefined;
  await waitForDatabase(config.database.url ?? '', 'DATABASE_URL', {
    signal,
    onWait: async (reason) => {
      logger.warn(`The database does not answer yet (${reason}); waiting for it`);
      room = await openWaitingRoom(config);
    },
  });
  if (room) logger.info('The database answers');
  return room;
}

/** Development brings the schema up to date by itself; production wants that to be somebody's decision. */
export async function prepareSchema(config: Config, logger: Logger): Promise<void> {
  const url = config.isProduction ? config.database.url : config.database.migrationUrl;
  const dataSource = await new DataSource(dataSourceOptions(config, url ?? '')).initialize();
  try {
    const pending = await pendingMigrations(dataSource);
    if (pending.length === 0) return;
    if (config.isProduction) {
      throw new StartError(
        `The database lacks ${pending.length} migrations of this version: ${pending.join(', ')}.\n` +
          'Run them: npm run migration:run (in a container: node dist/src/platform/database/migrate.js run).',
      );
    }
    for (const name of await runMigrations(dataSource)) logger.info(`Migrated: ${name}`);
  } finally {
    await dataSource.destroy();
  }
}
