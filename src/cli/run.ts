import { CommandFactory } from 'nest-commander';
import { toProblem } from '../http/problems/to-problem.js';
import { expectedText } from '../startup/failure-text.js';
import { CliModule } from './cli.module.js';
import { CommandError } from './command.js';

/** The command of this process: ends with 0, with 1 what could not be carried out, and with 2 what was not understood. */
export async function runCommand(): Promise<void> {
  await CommandFactory.run(CliModule, {
    logger: false,
    errorHandler: (error) => process.exit((error as Error & { exitCode?: number }).exitCode === 0 ? 0 : 2),
    serviceErrorHandler: (error) => {
      process.stderr.write(textOf(error));
      process.exitCode = error instanceof CommandError ? error.exitCode : 1;
    },
  });
}

/** What the API would tell its clients, a command tells as well. */
function textOf(error: Error): string {
  if (error instanceof CommandError) return `${error.message}\n`;
  const { status, message, errors } = toProblem(error);
  if (status >= 500) return `${expectedText(error) ?? error.stack ?? error.message}\n`;
  return `${[message, ...(errors ?? []).map((entry) => entry.message)].join('\n')}\n`;
}
