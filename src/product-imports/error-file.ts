import { defuse } from '../common/exports/formula-cells.js';
import type { FailedRow } from './staged-rows.repository.js';

/** All row errors as CSV, read some at a time. */
export async function* errorFile(read: (afterLine: number) => Promise<FailedRow[]>): AsyncGenerator<string> {
  yield 'line,field,code,message\r\n';
  for (let after = 0, rows = await read(after); rows.length > 0; rows = await read(after)) {
    yield rows.map(toLines).join('');
    after = rows.at(-1)?.line ?? after;
  }
}

function toLines({ line, errors }: FailedRow): string {
  return errors
    .map(({ field, code, message }) => `${line},${toCell(field ?? '')},${code},${toCell(message)}\r\n`)
    .join('');
}

/** Names of fields come from whoever wrote the file. */
function toCell(text: string): string {
  const cell = defuse(text);
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
