import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Option, SubCommand } from 'nest-commander';
import { EXPORT_FORMATS } from '../http/exports/export-formats.js';
import type { ExportFormat } from '../http/exports/export-formats.js';
import { textOf } from '../http/exports/export-stream.js';
import { ListProductsQuery, PRODUCT_COLUMNS, ProductResponse } from '../inventory/products/product.dto.js';
import type { Product } from '../inventory/products/product.entity.js';
import { ProductsService } from '../inventory/products/products.service.js';
import { CliCommand, fileError, UsageError } from './command.js';
import { Stockroom } from './stockroom.js';

interface Options {
  format: string;
  output?: string;
}

const NAMES = EXPORT_FORMATS.map(({ extension }) => extension);

@SubCommand({
  name: 'export',
  description: 'write all products, as they are at one moment, the newest first',
})
export class CatalogueExportCommand extends CliCommand {
  protected readonly examples = [
    'catalogue export >products.csv',
    'catalogue export --format ndjson --output products.ndjson',
  ];

  constructor(private readonly stockroom: Stockroom) {
    super();
  }

  async run(_: string[], options: Options): Promise<void> {
    const format = formatNamed(options.format);
    const target = options.output === undefined ? process.stdout : await openFile(options.output);
    const lineOf = (product: Product) => format.line(ProductResponse.from(product), PRODUCT_COLUMNS);
    await this.stockroom.use(async (app) => {
      const products = app.get(ProductsService).exportProducts(new ListProductsQuery());
      const text = textOf(products, format.begin(PRODUCT_COLUMNS), lineOf);
      await pipeline(Readable.from(text), target, { end: target !== process.stdout });
    });
  }

  @Option({
    flags: '--format <name>',
    description: `how the rows are written: ${NAMES.join(' or ')}`,
    defaultValue: 'csv',
  })
  parseFormat(name: string): string {
    return name;
  }

  @Option({ flags: '--output <file>', description: 'where to, instead of the standard output' })
  parseOutput(file: string): string {
    return file;
  }
}

/** Before the work begins, which may take long. */
async function openFile(file: string): Promise<Writable> {
  try {
    return (await open(file, 'w')).createWriteStream();
  } catch (error) {
    throw fileError(file, 'written', error);
  }
}

function formatNamed(name: string): ExportFormat {
  const format = EXPORT_FORMATS.find(({ extension }) => extension === name);
  if (!format) throw new UsageError(`--format must be ${NAMES.join(' or ')}.`);
  return format;
}
