import type { Readable, Transform } from 'node:stream';
import { constants, createBrotliCompress, createGzip } from 'node:zlib';
import { preferredCoding } from '../responses/accept.js';

/** Fast ones: the network should wait for the rows, not for us. */
const COMPRESSORS: Readonly<Record<'br' | 'gzip', () => Transform>> = {
  br: () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
  gzip: () => createGzip({ level: 1 }),
};

export type Coding = keyof typeof COMPRESSORS | 'identity';

/** At the levels above, br takes less time than gzip, and leaves less to send. */
const CODINGS: readonly Coding[] = ['br', 'gzip', 'identity'];

/** How to send to a client with this `Accept-Encoding`; undefined if it takes nothing that we can make. */
export function codingFor(acceptEncoding = ''): Coding | undefined {
  return preferredCoding(acceptEncoding, CODINGS);
}

/** The content in this coding. Who destroys the one destroys the other. */
export function encode(content: Readable, coding: Coding): Readable {
  if (coding === 'identity') return content;
  const compressor = COMPRESSORS[coding]();
  content.once('error', (error) => compressor.destroy(error));
  compressor.once('close', () => content.destroy());
  return content.pipe(compressor);
}
