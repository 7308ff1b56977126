import { defineConfig } from 'vitest/config';
import ProgressReporter from './test/support/progress-reporter.js';

/** Starts and kills processes, or runs load. */
const SLOW = 'test/**/*.slow.spec.ts';
const BROWSER = 'test/browser/**/*.spec.ts';

export default defineConfig({
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/each-file.ts'],
    reporters: [new ProgressReporter()],
    pool: 'forks',
    // Files share a worker and the modules that it has loaded: importing the service takes longer than most files.
    isolate: false,
    // Most tests wait for a database, not for a processor.
    maxWorkers: 3,
    // Only a test that hangs reaches these, however slow the machine is.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 120_000 } },
    projects: [
      {
        extends: true,
        test: { name: 'fast', include: ['{src,config,test}/**/*.spec.ts'], exclude: [SLOW, BROWSER] },
      },
      { extends: true, test: { name: 'slow', include: [SLOW] } },
      { extends: true, test: { name: 'browser', include: [BROWSER] } },
    ],
  },
});
