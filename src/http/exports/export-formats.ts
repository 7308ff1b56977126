import { preferredType } from '../responses/accept.js';
import { csvLine } from './csv.js';

/** How the rows of a list are written one after the other. */
export interface ExportFormat {
  readonly mediaType: 'text/csv' | 'application/x-ndjson';
  readonly contentType: string;
  /** Of the file that it is offered as. */
  readonly extension: string;
  /** What comes before the first row. */
  begin(columns: readonly string[]): string;
  line(row: object, columns: readonly string[]): string;
}

const CSV: ExportFormat = {
  mediaType: 'text/csv',
  contentType: 'text/csv; charset=utf-8; header=present',
  extension: 'csv',
  begin: (columns) => csvLine(columns),
  line: (row, columns) => csvLine(columns.map((column) => (row as Record<string, unknown>)[column])),
};

const NDJSON: ExportFormat = {
  mediaType: 'application/x-ndjson',
  contentType: 'application/x-ndjson; charset=utf-8',
  extension: 'ndjson',
  begin: () => '',
  line: (row) => `${JSON.stringify(row)}\n`,
};

export const EXPORT_FORMATS: readonly ExportFormat[] = [CSV, NDJSON];

const PAGE = 'application/json';
const TYPES = [PAGE, ...EXPORT_FORMATS.map(({ mediaType }) => mediaType)] as const;

/** The format that an `Accept` header asks for; undefined if it rather takes a page as JSON, or nothing of all this. */
export function exportFormatFor(accept: string | undefined): ExportFormat | undefined {
  if (accept === undefined || accept === '*/*' || accept === PAGE || accept.trim() === '') return undefined;
  const type = preferredType(accept, TYPES);
  return EXPORT_FORMATS.find(({ mediaType }) => mediaType === type);
}
