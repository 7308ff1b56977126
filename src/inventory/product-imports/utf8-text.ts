import { FileFault } from './file-fault.js';

/** What is being read when the young generation is collected moves to the old one: large pieces would fill that. */
const PIECE = 16 * 1024;

/** The text of a stream, without its byte order mark. @throws FileFault for what is not UTF-8, which is never replaced silently */
export async function* decodeUtf8(chunks: AsyncIterable<Buffer>): AsyncGenerator<string, undefined> {
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  const decode = (chunk?: Buffer): string => {
    try {
      return chunk ? utf8.decode(chunk, { stream: true }) : utf8.decode();
    } catch {
      throw new FileFault('encoding', 'The file is not UTF-8.');
    }
  };
  // The first line by itself: whether a file is begun depends on that, and not on how it is cut into pieces.
  let isFirst = true;
  for await (const chunk of chunks) {
    let begin: number = isFirst ? chunk.indexOf('\n') + 1 : 0;
    if (begin > 0) isFirst = false;
    if (begin > 0) yield decode(chunk.subarray(0, begin));
    for (; begin < chunk.length; begin += PIECE) yield decode(chunk.subarray(begin, begin + PIECE));
  }
  yield decode();
}
