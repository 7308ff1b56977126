import type { FileRow, FileRows } from './file-row.js';
import { errorsOf, toCopyLine, toFailedLine } from './staged-row.js';

const BLOCK = 64 * 1024;
/** The bytes that a character takes in UTF-8 at most (a pair of surrogates takes four). */
const WIDEST = 3;

/** Turns the rows of a file into what COPY reads, and counts them. */
export class Staging {
  readonly counts = { total: 0, failed: 0 };

  constructor(
    private readonly importId: string,
    private readonly file: FileRows,
  ) {}

  /** Each line is written to memory outside of the heap at once: a heap full of short-lived lines grows before it shrinks. */
  async *blocks(): AsyncGenerator<Buffer> {
    let block = Buffer.allocUnsafe(BLOCK);
    let used = 0;
    for await (const rows of this.file) {
      for (const row of rows) {
        const line = this.toLine(row);
        if (line.length * WIDEST > block.length - used) {
          yield block.subarray(0, used);
          block = Buffer.allocUnsafe(Math.max(BLOCK, line.length * WIDEST));
          used = 0;
        }
        used += block.write(line, used);
      }
    }
    yield block.subarray(0, used);
  }

  private toLine(row: FileRow): string {
    this.counts.total += 1;
    const errors = errorsOf(row);
    if (errors.length === 0 && !row.error) return toCopyLine(this.importId, row.line, row.values);
    this.counts.failed += 1;
    return toFailedLine(this.importId, row.line, errors);
  }
}
