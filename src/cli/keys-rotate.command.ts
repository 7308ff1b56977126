import { SubCommand } from 'nest-commander';
import { rotate } from '../../config/key-commands.js';
import { KeyFileError } from '../../config/key-file.js';
import { CliCommand, CommandError } from './command.js';
import { say } from './output.js';

@SubCommand({
  name: 'rotate',
  arguments: '<file>',
  description:
    'take the step of a rotation that is due (next, promote, retire), and say what to do before the following one',
})
export class KeysRotateCommand extends CliCommand {
  protected readonly examples = ['keys rotate keys.json'];

  run([file = '']: string[]): Promise<void> {
    try {
      rotate(file).forEach(say);
      return Promise.resolve();
    } catch (error) {
      throw error instanceof KeyFileError ? new CommandError(error.message, { cause: error }) : error;
    }
  }
}
