import { CommandRunner } from 'nest-commander';

/** A command that cannot be carried out; the message is for people, and names the way out. */
export class CommandError extends Error {
  readonly exitCode: number = 1;
}

/** For a file that cannot be `read` or `written`. */
export function fileError(file: string, how: string, error: unknown): CommandError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new CommandError(`${file} cannot be ${how} (${code ?? message}).`, { cause: error });
}

/** A command that is not understood. */
export class UsageError extends CommandError {
  override readonly exitCode = 2;
}

/** A command with examples in its `--help`; one that is not understood ends with 2. */
export abstract class CliCommand extends CommandRunner {
  /** Arguments, each as it is typed after the command's name. */
  protected abstract readonly examples: readonly string[];

  override setCommand(command: CommandRunner['command']): this {
    command
      .showHelpAfterError('(add --help for what there is)')
      .addHelpText('after', () =>
        ['', 'Examples:', ...this.examples.map((example) => `  npm run --silent cli -- ${example}`)].join(
          '\n',
        ),
      )
      .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
    return super.setCommand(command);
  }
}

/** A command that only holds others. */
export abstract class CommandGroup extends CliCommand {
  run(): Promise<void> {
    this.command.outputHelp({ error: true });
    process.exitCode = 2;
    return Promise.resolve();
  }
}

/** @throws UsageError */
export function wholeNumber(text: string, name: string, [min, max]: readonly [number, number]): number {
  const number = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (number >= min && number <= max) return number;
  throw new UsageError(`${name} must be a whole number from ${min} to ${max}.`);
}
