import { csvLine } from '../../http/exports/csv.js';
import type { FailedRow } from './staged-rows.repository.js';

/** All row errors as CSV, read some at a time. */
export async function* errorFile(read: (afterLine: number) => Promise<FailedRow[]>): AsyncGenerator<string> {
  yield csvLine(['line', 'field', 'code', 'message']);
  for (let after = 0, rows = await read(after); rows.length > 0; rows = await read(after)) {
    yield rows.map(toLines).join('');
    after = rows.at(-1)?.line ?? after;
  }
}

function toLines({ line, errors }: FailedRow): string {
  return errors.map(({ field, code, message }) => csvLine([line, field, code, message])).join('');
}
