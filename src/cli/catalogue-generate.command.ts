import { Option, SubCommand } from 'nest-commander';
import { CatalogueGenerator } from '../inventory/products/catalogue-generator.service.js';
import { CliCommand, wholeNumber } from './command.js';
import { say } from './output.js';
import { showProgress } from './progress.js';
import { Stockroom } from './stockroom.js';

@SubCommand({ name: 'generate', description: 'make products for trials: the same for the same seed' })
export class CatalogueGenerateCommand extends CliCommand {
  protected readonly examples = [
    'catalogue generate --count 1000',
    'catalogue generate --count 1000000 --seed 7',
  ];

  constructor(private readonly stockroom: Stockroom) {
    super();
  }

  async run(_: string[], { count, seed }: { count: number; seed: number }): Promise<void> {
    await this.stockroom.use(async (app) => {
      const progress = showProgress('Products', count);
      const onProgress = (done: number) => progress.update(done);
      const made = await app.get(CatalogueGenerator).generate({ count, seed, onProgress });
      progress.stop();
      say(`${made} products made, ${count - made} were there already.`);
    });
  }

  @Option({ flags: '--count <n>', description: 'how many products', required: true })
  parseCount(text: string): number {
    return wholeNumber(text, '--count', [1, 100_000_000]);
  }

  @Option({ flags: '--seed <n>', description: 'which catalogue', defaultValue: 1 })
  parseSeed(text: string): number {
    return wholeNumber(text, '--seed', [0, 1_000_000]);
  }
}
