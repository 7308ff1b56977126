import { FileFault } from './file-fault.js';

/** A cell that is empty and not quoted is null: `a,,c`, unlike `a,"",c`. */
export type Cell = string | null;

export interface CsvRecord {
  /** The line of the file that the record begins in, from 1. */
  readonly line: number;
  readonly cells: Cell[];
}

/** How many characters a record may have. */
export const MAX_RECORD = 1024 * 1024;

const UNQUOTED = /[^",\n]*/y;

/**
 * Takes CSV (RFC 4180) apart as it comes; lines end in CRLF or LF, and empty ones count for nothing. It is a scanner of
 * our own because imports live from it: csv-parse needs ten times as long.
 */
export class CsvScanner {
  private text = '';
  private at = 0;
  private line = 1;

  /** The records that are complete with this piece of text. @throws FileFault */
  *push(piece: string): Generator<CsvRecord> {
    this.text = this.text.slice(this.at) + piece;
    this.at = 0;
    yield* this.records(false);
    if (this.text.length - this.at > MAX_RECORD) throw this.tooLong();
  }

  /** The last record, which may lack its line end. @throws FileFault for a quote that is never closed */
  *end(): Generator<CsvRecord> {
    yield* this.records(true);
  }

  private *records(isLast: boolean): Generator<CsvRecord> {
    let quote = this.text.indexOf('"', this.at);
    while (this.at < this.text.length) {
      const newline = this.text.indexOf('\n', this.at);
      if (newline === -1 && !isLast) return;
      const end = newline === -1 ? this.text.length : newline;
      if (quote !== -1 && quote < this.at) quote = this.text.indexOf('"', this.at);
      const line = this.line;
      const began = this.at;
      const cells = quote === -1 || quote > end ? this.plain(end) : this.quoted(isLast);
      if (!cells) return;
      if (this.at - began > MAX_RECORD) throw this.tooLong();
      if (cells.length > 1 || cells[0] !== null) yield { line, cells };
    }
  }

  /** A record without quotes, which is one line. */
  private plain(end: number): Cell[] {
    const withCr = end > this.at && this.text.charCodeAt(end - 1) === 13;
    const cells: Cell[] = this.text.slice(this.at, withCr ? end - 1 : end).split(',');
    for (let n = 0; n < cells.length; n += 1) if (cells[n] === '') cells[n] = null;
    this.at = end + 1;
    this.line += 1;
    return cells;
  }

  /** Undefined if the record is not complete yet. */
  private quoted(isLast: boolean): Cell[] | undefined {
    const cells: Cell[] = [];
    let at = this.at;
    for (;;) {
      const cell = this.text[at] === '"' ? this.quotedCell(at) : this.plainCell(at);
      const next = cell && this.separatorAt(cell.end, isLast);
      if (!next) return isLast ? this.refuse('a quote is never closed') : undefined;
      cells.push(cell.value);
      at = next.end;
      if (!next.endsRecord) continue;
      for (
        let newline = this.at;
        (newline = this.text.indexOf('\n', newline)) !== -1 && newline < at;
        newline += 1
      )
        this.line += 1;
      this.at = at;
      return cells;
    }
  }

  private plainCell(at: number): { value: Cell; end: number } {
    UNQUOTED.lastIndex = at;
    const value = UNQUOTED.exec(this.text)?.[0] ?? '';
    const end = at + value.length;
    const endsLine = this.text[end] === '\n' || end === this.text.length;
    const text = endsLine && value.endsWith('\r') ? value.slice(0, -1) : value;
    return { value: text === '' ? null : text, end };
  }

  private quotedCell(at: number): { value: Cell; end: number } | undefined {
    let close = this.text.indexOf('"', at + 1);
    let escaped = false;
    while (close !== -1 && this.text[close + 1] === '"') {
      escaped = true;
      close = this.text.indexOf('"', close + 2);
    }
    if (close === -1) return undefined;
    const value = this.text.slice(at + 1, close);
    return { value: escaped ? value.replaceAll('""', '"') : value, end: close + 1 };
  }

  private separatorAt(at: number, isLast: boolean): { end: number; endsRecord: boolean } | undefined {
    const separator = this.text[at];
    if (separator === ',') return { end: at + 1, endsRecord: false };
    if (separator === '\n') return { end: at + 1, endsRecord: true };
    if (separator === '\r' && this.text[at + 1] === '\n') return { end: at + 2, endsRecord: true };
    const mayGoOn = separator === undefined || (separator === '\r' && at + 1 === this.text.length);
    if (mayGoOn) return isLast ? { end: this.text.length, endsRecord: true } : undefined;
    return this.refuse('a cell that contains a quote must be quoted as a whole');
  }

  private refuse(reason: string): never {
    throw new FileFault('quotes', `In the record that starts on line ${this.line}, ${reason}.`);
  }

  private tooLong(): FileFault {
    return new FileFault('row_size', `The record that starts on line ${this.line} is longer than 1 MiB.`);
  }
}
