import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { Problem } from '../problems/problem.js';

/** After so long without a byte, an upload is given up. */
const IDLE_MS = 30_000;
/** How long the rest of a body that nobody wants is still read, so that its sender sees the answer. */
const LINGER_MS = 5000;

export interface UploadOptions {
  readonly mediaType: string;
  readonly maxBytes: number;
  readonly gzip?: boolean;
  readonly idleMs?: number;
}

/** The body ended before it was complete: the client is gone, or silent. */
export class UploadIncomplete extends Problem {
  constructor(detail: string, cause?: unknown) {
    super('malformed_request', detail, { cause });
  }
}

const running = new WeakSet<IncomingMessage>();

/** Whether a body is being read that may take as long as it takes; it is bounded by its silence instead. */
export const isUpload = (request: IncomingMessage): boolean => running.has(request);

/**
 * A body of any size, to be read once, as it comes: `for await (const bytes of upload)`. Reading ends with a Problem
 * where it is too large or stays incomplete.
 */
export class Upload implements AsyncIterable<Buffer> {
  readonly mediaType: string;
  private readonly hash = createHash('sha256');
  private readonly chunks: AsyncIterator<Buffer>;
  private readonly idleMs: number;
  private size = 0;
  private ended = false;
  private failure: Error | undefined;

  constructor(
    private readonly request: IncomingMessage,
    private readonly options: UploadOptions,
  ) {
    this.mediaType = options.mediaType;
    this.idleMs = options.idleMs ?? IDLE_MS;
    running.add(request);
    const content: Readable = options.gzip ? gunzip(request) : request;
    // Whoever stops reading has not thereby said that the connection should be cut: an answer is yet to be sent.
    this.chunks = content.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    while (!this.ended) {
      const chunk = await this.read();
      if (chunk) yield chunk;
    }
  }

  /** SHA-256 of the whole content; reads what has not been read. */
  async digest(): Promise<Buffer> {
    // Each chunk is hashed as it is read.
    const chunks = this[Symbol.asyncIterator]();
    while (!(await chunks.next()).done);
    return this.hash.copy().digest();
  }

  /** To be called once the request is answered: what is still being sent is thrown away, for a while. */
  async discardRest(): Promise<void> {
    if (this.request.readableEnded || this.request.destroyed) return;
    // Whoever has stopped reading still listens.
    this.request.unpipe().removeAllListeners('readable').resume();
    await sleep(LINGER_MS, undefined, { ref: false });
    if (!this.request.complete) this.request.destroy();
  }

  /** Undefined at the end. What failed once, fails for ever. */
  private async read(): Promise<Buffer | undefined> {
    try {
      if (this.failure) throw this.failure;
      const { done, value } = await this.next();
      if (done) this.ended = true;
      return done ? undefined : this.count(value);
    } catch (error) {
      this.failure = error as Error;
      throw error;
    }
  }

  private count(chunk: Buffer): Buffer {
    this.size += chunk.length;
    if (this.size > this.options.maxBytes) throw tooLarge(this.options.maxBytes);
    this.hash.update(chunk);
    return chunk;
  }

  /** By a plain timer: signals that are aborted for each chunk of a large body would fill the heap. */
  private async next(): Promise<IteratorResult<Buffer, unknown>> {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      const giveUp = () =>
        reject(new UploadIncomplete(`Received nothing for ${this.idleMs / 1000} seconds.`));
      timer = setTimeout(giveUp, this.idleMs).unref();
    });
    try {
      return await Promise.race([this.chunks.next(), silence]);
    } catch (error) {
      throw toProblem(error);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** @throws Problem `payload_too_large`, where the length is known before a byte has come */
export function refuseLength(request: IncomingMessage, maxBytes: number): void {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
}

function tooLarge(maxBytes: number): Problem {
  return new Problem('payload_too_large', `The body is larger than ${maxBytes} bytes.`);
}

function gunzip(request: IncomingMessage): Readable {
  const content = createGunzip();
  // A pipe passes on no error: a connection that is cut would be waited for until it counts as silent.
  request.on('error', (error) => content.destroy(error));
  return request.pipe(content);
}

function toProblem(error: unknown): unknown {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (code.startsWith('Z_'))
    return new Problem('malformed_request', 'The body is not valid gzip, or is incomplete.');
  if (code !== 'ECONNRESET' && code !== 'ERR_STREAM_PREMATURE_CLOSE') return error;
  return new UploadIncomplete('The connection broke before the body was complete.', error);
}
