import { Command } from 'nest-commander';
import { CatalogueExportCommand } from './catalogue-export.command.js';
import { CatalogueGenerateCommand } from './catalogue-generate.command.js';
import { CatalogueImportCommand } from './catalogue-import.command.js';
import { CommandGroup } from './command.js';

@Command({
  name: 'catalogue',
  description: 'the products: import, export, or make some for trials',
  subCommands: [CatalogueImportCommand, CatalogueExportCommand, CatalogueGenerateCommand],
})
export class CatalogueCommand extends CommandGroup {
  protected readonly examples = [
    'catalogue import products.csv',
    'catalogue export >products.csv',
    'catalogue generate --count 1000000 --seed 7',
  ];
}
