import { defuse } from './formula-cells.js';

const NEEDS_QUOTES = /[",\r\n]/;
/** Most cells, known at one look: no formula begins so. */
const PLAIN = /^[A-Za-z0-9][^",\r\n]*$/;

/** One line of CSV (RFC 4180), for values as they are in JSON. */
export function csvLine(values: readonly unknown[]): string {
  return `${values.map(cellOf).join(',')}\r\n`;
}

/** Null is the empty cell, and the empty text a quoted one, so that a reader can tell them apart. */
function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string' && PLAIN.test(value)) return value;
  return quote(typeof value === 'string' ? defuse(value) : JSON.stringify(value));
}

function quote(text: string): string {
  return text === '' || NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
