import { FileFault } from './file-fault.js';

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
  for await (const chunk of chunks) yield decode(chunk);
  yield decode();
}
