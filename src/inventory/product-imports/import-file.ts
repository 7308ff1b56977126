import { readCsv } from './csv-rows.js';
import type { FileRows } from './file-row.js';
import { readNdjson } from './ndjson-rows.js';
import { decodeUtf8 } from './utf8-text.js';

/** Bytes that say what they are: an upload, or a file on this machine. */
export interface ImportSource extends AsyncIterable<Buffer> {
  readonly mediaType: string;
}

/** The rows of a file in either format. @throws FileFault, Problem if its beginning tells that it cannot be imported */
export async function openFile(source: ImportSource): Promise<FileRows> {
  const pieces = decodeUtf8(source);
  return source.mediaType === 'text/csv' ? readCsv(pieces) : readNdjson(pieces);
}
