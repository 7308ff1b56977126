import { loadConfig } from '../config/index.js';
import { openDatabase } from './platform/database/open-database.js';
import { failureText } from './startup/failure-text.js';
import { stopOnSignals } from './startup/shutdown.js';
import { stopWithNpm } from './startup/stop-with-npm.js';
import { assertPortIsFree } from './startup/waiting-room.js';
import { welcomeText } from './startup/welcome-text.js';
import { createLogger } from './platform/telemetry/logger.js';

const cleanups: (() => Promise<void>)[] = [];
const signal = stopOnSignals(cleanups);

try {
  const settings = loadConfig();
  const logger = createLogger(settings);
  stopWithNpm(settings);
  if (settings.unused.length > 0) logger.warn(`This version does not use ${settings.unused.join(', ')}`);
  await assertPortIsFree(settings);
  const opening = openDatabase(settings, (line) => logger.info(line));
  // Listed before it is open: a signal meanwhile must not leave a server behind.
  cleanups.push(async () => {
    await (await opening.catch(() => undefined))?.stop();
  });
  // Loading the service takes as long as starting its database: both at once.
  const [{ config }, { startService, stopService }] = await Promise.all([
    opening,
    import('./startup/start.js'),
  ]);
  const { app, firstRun } = await startService(config, logger, signal);
  cleanups.unshift(() => stopService(app));
  if (config.isProduction) logger.info(`Listening on ${await app.getUrl()}`);
  // The log is written by another thread: what is meant for people comes after it.
  else logger.flush(() => process.stdout.write(welcomeText(config, firstRun)));
} catch (error) {
  if (!signal.aborted) {
    process.stderr.write(failureText(error));
    process.exitCode = 1;
    for (const cleanup of cleanups) await cleanup();
    process.exit();
  }
}
