import { loadConfig } from '../config/index.js';
import { openDatabase } from './database/open-database.js';
import { failureText } from './failure-text.js';
import { startService } from './start.js';
import { createLogger } from './telemetry/logger.js';
import { stopOnSignals } from './telemetry/shutdown.js';
import { welcomeText } from './welcome-text.js';

const cleanups: (() => Promise<void>)[] = [];
const stopping = stopOnSignals(cleanups);

try {
  const settings = loadConfig();
  const logger = createLogger(settings);
  if (settings.unused.length > 0) logger.warn(`This version does not use ${settings.unused.join(', ')}`);
  const database = await openDatabase(settings, (line) => logger.info(line));
  cleanups.push(database.stop);
  const { app, firstRun } = await startService(database.config, logger, stopping);
  cleanups.unshift(() => app.close());
  if (settings.isProduction) logger.info(`Listening on ${await app.getUrl()}`);
  else process.stdout.write(welcomeText(database.config, firstRun));
} catch (error) {
  if (!stopping.aborted) {
    process.stderr.write(failureText(error));
    process.exitCode = 1;
    for (const cleanup of cleanups) await cleanup();
    process.exit();
  }
}
