import type { Upload } from '../common/http/upload.js';
import { readCsv } from './csv-rows.js';
import type { FileRows } from './file-row.js';
import { readNdjson } from './ndjson-rows.js';
import { decodeUtf8 } from './utf8-text.js';

/** The rows of an upload in either format. @throws FileFault, Problem if its beginning tells that it cannot be imported */
export async function openFile(upload: Upload): Promise<FileRows> {
  const pieces = decodeUtf8(upload);
  return upload.mediaType === 'text/csv' ? readCsv(pieces) : readNdjson(pieces);
}
