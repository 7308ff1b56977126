import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Option, SubCommand } from 'nest-commander';
import type { ImportSource } from '../inventory/product-imports/import-file.js';
import { ProductImportsService } from '../inventory/product-imports/product-imports.service.js';
import type { ImportWithErrors } from '../inventory/product-imports/product-imports.service.js';
import { CliCommand, CommandError, fileError, UsageError } from './command.js';
import { remark, say } from './output.js';
import { showProgress } from './progress.js';
import { Stockroom } from './stockroom.js';

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.csv': 'text/csv',
  '.ndjson': 'application/x-ndjson',
  '.jsonl': 'application/x-ndjson',
};

const LOOK_EVERY_MS = 200;
const SHOWN_ERRORS = 20;

@SubCommand({
  name: 'import',
  arguments: '<file>',
  description: 'create and change products by a CSV or NDJSON file; ends with 1 if a row fails',
})
export class CatalogueImportCommand extends CliCommand {
  protected readonly examples = [
    'catalogue import products.csv --dry-run',
    'catalogue import products.ndjson',
  ];

  constructor(private readonly stockroom: Stockroom) {
    super();
  }

  async run([file = '']: string[], { dryRun = false }: { dryRun?: boolean }): Promise<void> {
    const source = await openSource(file);
    const done = await this.stockroom.use(async (app) => {
      const imports = app.get(ProductImportsService);
      const { id } = await imports.createImport(null, source, dryRun);
      return follow(() => imports.getImport(id));
    });
    for (const { line, field, message } of done.errors.slice(0, SHOWN_ERRORS))
      remark(`Line ${line}${field === null ? '' : `, ${field}`}: ${message}`);
    const { totalRows, createdRows, updatedRows, unchangedRows, failedRows } = done;
    say(
      `${totalRows} rows: ${createdRows} created, ${updatedRows} updated, ${unchangedRows} unchanged, ${failedRows} failed.`,
    );
    if (done.status !== 'succeeded')
      throw new CommandError(done.errorMessage ?? `The import is ${done.status}.`);
    if (failedRows > 0)
      throw new CommandError(`GET /v1/product-imports/${done.id}/errors lists all failed rows.`);
  }

  @Option({ flags: '--dry-run', description: 'count and report the same, and change nothing' })
  parseDryRun(): boolean {
    return true;
  }
}

async function openSource(file: string): Promise<ImportSource> {
  const mediaType = MEDIA_TYPES[extname(file).toLowerCase()];
  if (mediaType === undefined)
    throw new UsageError(`The file must end in ${Object.keys(MEDIA_TYPES).join(', ')}.`);
  try {
    const handle = await open(file);
    return Object.assign(handle.createReadStream() as AsyncIterable<Buffer>, { mediaType });
  } catch (error) {
    throw fileError(file, 'read', error);
  }
}

/** Looks until it has ended: here, or at an instance of the service that runs. */
async function follow(look: () => Promise<ImportWithErrors>): Promise<ImportWithErrors> {
  let found = await look();
  const progress = showProgress('Rows', found.totalRows);
  for (; found.finishedAt === null; found = await look()) {
    progress.update(processedOf(found));
    await sleep(LOOK_EVERY_MS);
  }
  progress.update(processedOf(found));
  progress.stop();
  return found;
}

function processedOf({ createdRows, updatedRows, unchangedRows, failedRows }: ImportWithErrors): number {
  return createdRows + updatedRows + unchangedRows + failedRows;
}
