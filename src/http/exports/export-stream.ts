import { Readable } from 'node:stream';

/** The text of all rows, a chunk for each batch; what comes before the first row is sent with it. */
export async function* textOf<Row>(
  batches: AsyncIterable<readonly Row[]>,
  head: string,
  lineOf: (row: Row) => string,
): AsyncGenerator<string> {
  let text = head;
  for await (const batch of batches) {
    for (const row of batch) text += lineOf(row);
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

/**
 * Chunks as a stream that asks for the next one only when there is room for it. It is closed once their source has cleaned
 * up after itself, and emits `stall` when nobody has made room for too long.
 */
export class ExportStream extends Readable {
  private waiting: NodeJS.Timeout | undefined;

  constructor(
    private readonly chunks: AsyncGenerator<string>,
    private readonly patienceMs: number,
  ) {
    super({ highWaterMark: 1 });
  }

  /** Waits for the first chunk, so that a failure to begin is met while it can still be told. */
  async begin(): Promise<void> {
    try {
      this.accept(await this.chunks.next());
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  override _read(): void {
    clearTimeout(this.waiting);
    this.chunks.next().then(
      (result) => this.accept(result),
      (error: unknown) => this.destroy(error as Error),
    );
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.waiting);
    const cleanedUp = () => done(error);
    this.chunks.return(undefined).then(cleanedUp, cleanedUp);
  }

  private accept({ done, value }: IteratorResult<string, undefined>): void {
    if (this.destroyed) return;
    this.waiting = setTimeout(() => this.emit('stall'), this.patienceMs);
    this.push(done === true ? null : value);
  }
}
