import { Command } from 'nest-commander';
import { CommandGroup } from './command.js';
import { StockReconcileCommand } from './stock-reconcile.command.js';

@Command({ name: 'stock', description: 'what is on hand', subCommands: [StockReconcileCommand] })
export class StockCommand extends CommandGroup {
  protected readonly examples = ['stock reconcile', 'stock reconcile --fix'];
}
