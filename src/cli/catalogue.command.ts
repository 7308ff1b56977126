import { Command } from 'nest-commander';
import { CatalogueGenerateCommand } from './catalogue-generate.command.js';
import { CommandGroup } from './command.js';

@Command({
  name: 'catalogue',
  description: 'the products: import, export, or make some for trials',
  subCommands: [CatalogueGenerateCommand],
})
export class CatalogueCommand extends CommandGroup {
  protected readonly examples = ['catalogue generate --count 1000000 --seed 7'];
}
