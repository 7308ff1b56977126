import { restore } from '../../http/exports/formula-cells.js';
import { invalid } from '../../http/problems/problem.js';
import type { FieldError } from '../../http/problems/problem.js';
import { toPointer } from '../../http/validation/input-inspection.js';
import { CsvScanner } from './csv-scanner.js';
import type { Cell, CsvRecord } from './csv-scanner.js';
import { FileFault } from './file-fault.js';
import { READ_ONLY_FIELDS } from './file-row.js';
import type { FileRow, FileRows } from './file-row.js';

const text = (cell: Cell) => cell ?? undefined;
/** Text that an export has kept from being run as a formula. */
const textOfCell = (cell: Cell) => (cell === null ? undefined : restore(cell));

/** The columns that a file may have, and what becomes of a cell; one that is empty says nothing, but clears a description. */
const COLUMNS: Readonly<Record<string, (cell: Cell) => unknown>> = {
  sku: textOfCell,
  name: textOfCell,
  description: (cell) => (cell === null ? null : restore(cell)),
  price: (cell) => (cell === null ? undefined : toPrice(cell)),
  currency: text,
  in_stock: (cell) => (cell === null ? undefined : toBoolean(cell)),
};
const REQUIRED = ['sku', 'name', 'price'];

/** Reads the header at once, and the rows as they come. @throws FileFault, Problem `validation_failed` for the header */
export async function readCsv(pieces: AsyncIterator<string, undefined>): Promise<FileRows> {
  const scanner = new CsvScanner();
  for (;;) {
    const { done, value } = await pieces.next();
    const records = done ? scanner.end() : scanner.push(value);
    const header = records.next();
    if (!header.done) return rowsOf(toColumns(header.value), records, scanner, pieces);
    if (done) throw new FileFault('header', 'The file is empty: its first line must name the columns.');
  }
}

async function* rowsOf(
  columns: readonly string[],
  begun: Iterable<CsvRecord>,
  scanner: CsvScanner,
  pieces: AsyncIterator<string, undefined>,
): AsyncGenerator<Iterable<FileRow>> {
  const toRow = rowReader(columns);
  yield rowsFrom(begun, toRow);
  for (let isLast = false; !isLast;) {
    const { done, value } = await pieces.next();
    isLast = done === true;
    yield rowsFrom(done ? scanner.end() : scanner.push(value), toRow);
  }
}

function* rowsFrom(records: Iterable<CsvRecord>, toRow: (record: CsvRecord) => FileRow): Generator<FileRow> {
  for (const record of records) yield toRow(record);
}

function rowReader(columns: readonly string[]): (record: CsvRecord) => FileRow {
  const readers = columns.flatMap((name, at) => {
    const convert = COLUMNS[name];
    return convert ? [{ name, at, convert }] : [];
  });
  return ({ line, cells }) => {
    if (cells.length !== columns.length) {
      const message = `the row has ${cells.length} cells, but the header has ${columns.length}`;
      return { line, error: { field: null, code: 'cells', message } };
    }
    const values: Record<string, unknown> = {};
    for (const { name, at, convert } of readers) values[name] = convert(cells[at] ?? null);
    return { line, values };
  };
}

function toColumns({ cells }: CsvRecord): string[] {
  const columns = cells.map((cell) => (cell ?? '').trim());
  const errors: FieldError[] = columns.flatMap((name, at) => {
    if (columns.indexOf(name) !== at) return [columnError(name, 'unique', 'appears more than once')];
    const isKnown = Object.hasOwn(COLUMNS, name) || READ_ONLY_FIELDS.has(name);
    return isKnown ? [] : [columnError(name, 'unknown_field', 'is unknown')];
  });
  const missing = REQUIRED.filter((name) => !columns.includes(name));
  errors.push(...missing.map((name) => columnError(name, 'required', 'is missing')));
  if (errors.length > 0) throw invalid(errors);
  return columns;
}

function columnError(name: string, code: string, what: string): FieldError {
  const short = name.slice(0, 100);
  return { pointer: toPointer([short]), code, message: `the column ${JSON.stringify(short)} ${what}` };
}

const AMOUNT = /^\d{1,8}(?:\.\d{1,2}0*)?$/;
const DECIMAL = /^[+-]?\d{1,12}(?:\.\d*)?$/;

/**
 * The number that the text is exactly; text that is none stays text, for the validation to refuse. What a number would
 * only be near to becomes one with as evidently too many decimals.
 */
function toPrice(cell: string): unknown {
  if (AMOUNT.test(cell)) return Number(cell);
  if (!DECIMAL.test(cell)) return cell;
  const [whole = '', decimals = ''] = cell.split('.');
  return Number(/^\d{0,2}0*$/.test(decimals) ? cell : `${whole}.001`);
}

/** Spreadsheets write them in capitals. */
function toBoolean(cell: string): unknown {
  const lower = cell.toLowerCase();
  return lower === 'true' ? true : lower === 'false' ? false : cell;
}
