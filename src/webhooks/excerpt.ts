const KEPT_BYTES = 1024;
/** A connection is worth so much reading, and can be used again after it; beyond that it is given up. */
const READ_BYTES = 64 * 1024;

/**
 * What an answer begins with, as text that PostgreSQL can keep. Reads on to its end, unless that is too far or does not
 * come.
 */
export async function excerptOf(body: AsyncIterable<Buffer>): Promise<string | null> {
  const kept: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      if (size < KEPT_BYTES) kept.push(chunk.subarray(0, KEPT_BYTES - size));
      size += chunk.length;
      if (size > READ_BYTES) break;
    }
  } catch {
    // It broke off. The answer has been given, and what came of its body is worth as much.
  }
  return size === 0 ? null : new TextDecoder().decode(Buffer.concat(kept)).replaceAll('\0', '\u{fffd}');
}
