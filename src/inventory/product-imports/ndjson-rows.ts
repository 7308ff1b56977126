import { MAX_RECORD } from './csv-scanner.js';
import { FileFault } from './file-fault.js';
import { READ_ONLY_FIELDS } from './file-row.js';
import type { FileRow } from './file-row.js';

/** One JSON object in each line; empty lines count for nothing. @throws FileFault */
export async function* readNdjson(
  pieces: AsyncIterator<string, undefined>,
): AsyncGenerator<Iterable<FileRow>> {
  let rest = '';
  let line = 0;
  for (let isLast = false; !isLast;) {
    const { done, value = '' } = await pieces.next();
    isLast = done === true;
    const lines = (rest + value).split('\n');
    rest = isLast ? '' : (lines.pop() ?? '');
    yield rowsFrom(lines, line);
    line += lines.length;
    assertShort(rest, line + 1);
  }
}

function* rowsFrom(lines: readonly string[], before: number): Generator<FileRow> {
  for (const [index, text] of lines.entries()) {
    const line = before + index + 1;
    assertShort(text, line);
    if (text.trim() !== '') yield toRow(line, text);
  }
}

function toRow(line: number, text: string): FileRow {
  const refuse = (code: string, message: string) => ({ line, error: { field: null, code, message } });
  let object: unknown;
  try {
    object = JSON.parse(text);
  } catch {
    return refuse('json', 'the line is not JSON');
  }
  if (typeof object !== 'object' || object === null || Array.isArray(object))
    return refuse('type', 'the line must be a JSON object');
  for (const name of READ_ONLY_FIELDS) Reflect.deleteProperty(object, name);
  return { line, values: object as Record<string, unknown> };
}

function assertShort(text: string, line: number): void {
  if (text.length > MAX_RECORD) throw new FileFault('row_size', `Line ${line} is longer than 1 MiB.`);
}
