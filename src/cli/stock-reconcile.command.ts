import { Option, SubCommand } from 'nest-commander';
import { StockService } from '../inventory/stock/stock.service.js';
import { CliCommand, CommandError } from './command.js';
import { say } from './output.js';
import { Stockroom } from './stockroom.js';

@SubCommand({
  name: 'reconcile',
  description: 'compare all stock levels with their movements; ends with 1 if one differs and is not fixed',
})
export class StockReconcileCommand extends CliCommand {
  protected readonly examples = ['stock reconcile', 'stock reconcile --fix'];

  constructor(private readonly stockroom: Stockroom) {
    super();
  }

  async run(_: string[], { fix = false }: { fix?: boolean }): Promise<void> {
    const { found, fixed } = await this.stockroom.use(async (app) => {
      const counts = { found: 0, fixed: 0 };
      for await (const difference of app.get(StockService).reconcile({ fix })) {
        const { sku, productId, onHand, sumOfMovements } = difference;
        const outcome = difference.fixed ? 'fixed' : 'not fixed';
        say(`${sku} (${productId}): ${onHand} on hand, ${sumOfMovements} by movements: ${outcome}`);
        counts.found += 1;
        if (difference.fixed) counts.fixed += 1;
      }
      return counts;
    });
    if (found > fixed) throw new CommandError(`Levels that differ: ${found}; fixed: ${fixed}.`);
    say(
      found === 0
        ? 'All levels agree with their movements.'
        : `Levels that differed, and are fixed: ${found}.`,
    );
  }

  @Option({ flags: '--fix', description: 'correct the levels that differ' })
  parseFix(): boolean {
    return true;
  }
}
