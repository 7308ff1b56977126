import type { FieldError } from '../../http/problems/problem.js';
import { ObjectCheck } from '../../http/validation/object-check.js';
import { CreateProductDto } from '../products/product.dto.js';
import type { FileRow, RowError } from './file-row.js';

/** The columns that a line of COPY holds, in this order. */
export const STAGED_COLUMNS = [
  'import_id',
  'sku',
  'line',
  'name',
  'description',
  'has_description',
  'price',
  'currency',
  'in_stock',
  'errors',
] as const;

const NULL = '\\N';
const MAX_ERRORS = 20;
const MAX_NAME = 100;
const MAX_MESSAGE = 300;

const check = new ObjectCheck(CreateProductDto);

/** What is wrong with a row, by the rules and in the words of `POST /v1/products`. */
export function errorsOf(row: FileRow): RowError[] {
  if (row.error) return [row.error];
  return check.errorsOf(row.values).slice(0, MAX_ERRORS).map(toRowError);
}

function toRowError(error: FieldError): RowError {
  const pointer = 'pointer' in error ? error.pointer : '';
  const field = pointer.split('/')[1]?.replaceAll('~1', '/').replaceAll('~0', '~').slice(0, MAX_NAME) ?? null;
  return { field, code: error.code, message: error.message.slice(0, MAX_MESSAGE) };
}

/** A line of COPY (in its text format) for a row that is good. */
export function toCopyLine(importId: string, line: number, values: Partial<CreateProductDto>): string {
  const { sku = '', name = '', description, price, currency, in_stock: inStock } = values;
  const given = description === undefined ? 'f' : 't';
  return (
    `${importId}\t${sku}\t${line}\t${escape(name)}\t${textOrNull(description)}\t${given}` +
    `\t${price ?? NULL}\t${currency ?? NULL}\t${inStock ?? NULL}\t${NULL}\n`
  );
}

/** A line of COPY for a row that is not: no product has an empty sku. */
export function toFailedLine(importId: string, line: number, errors: readonly RowError[]): string {
  const nulls = `\t${NULL}`.repeat(2);
  return `${importId}\t\t${line}${nulls}\tf\t${NULL}${nulls}\t${escape(JSON.stringify(errors))}\n`;
}

function textOrNull(text: string | null | undefined): string {
  return text === null || text === undefined ? NULL : escape(text);
}

const SPECIAL = /[\\\t\n\r]/;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function escape(text: string): string {
  return SPECIAL.test(text) ? text.replace(/[\\\t\n\r]/g, (special) => ESCAPES[special] ?? special) : text;
}
