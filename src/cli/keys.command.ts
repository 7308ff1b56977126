import { Command } from 'nest-commander';
import { CommandGroup } from './command.js';
import { KeysRotateCommand } from './keys-rotate.command.js';

@Command({ name: 'keys', description: 'the keys that sign access tokens', subCommands: [KeysRotateCommand] })
export class KeysCommand extends CommandGroup {
  protected readonly examples = ['keys rotate keys.json'];
}
