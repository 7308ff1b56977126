import { Readable } from 'node:stream';

/** After what pause a client that lost its connection should come back (WHATWG HTML, 9.2). */
const BEGINNING = 'retry: 2000\n\n';
/** A comment, which clients ignore, and by which both sides notice that the other one is gone. */
const HEARTBEAT = ': still here\n\n';

/** An answer that ends is read to its end; but nobody waits long for that. */
const LEAVE_MS = 1000;

/**
 * Text that is sent as it comes, to whoever takes it: what comes next is fetched only when the last of it has been taken,
 * so that there is never more than that here. It emits `stall` when nobody has taken it for too long.
 */
export class EventStream extends Readable {
  private isWanted = false;
  /** Whether there may be something that was not fetched. */
  private isNews = true;
  private isFetching = false;
  private isOver = false;
  private waiting: NodeJS.Timeout | undefined;

  constructor(
    /** What has come since the last time; nothing, if nothing has. */
    private readonly fetch: () => Promise<string>,
    private readonly patienceMs: number,
  ) {
    super({ highWaterMark: 1 });
    this.send(BEGINNING);
  }

  /** There may be something to send. */
  wake(): void {
    this.isNews = true;
    void this.sendNews();
  }

  /** To be called now and then. */
  beat(): void {
    if (this.isWanted && !this.isFetching) this.send(HEARTBEAT);
  }

  /** Nothing more is sent. */
  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.push(null);
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.destroy(), LEAVE_MS);
  }

  override _read(): void {
    if (this.isOver) return;
    clearTimeout(this.waiting);
    this.isWanted = true;
    void this.sendNews();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.isOver = true;
    clearTimeout(this.waiting);
    done(error);
  }

  private async sendNews(): Promise<void> {
    if (this.isFetching) return;
    this.isFetching = true;
    try {
      while (this.isWanted && this.isNews && !this.isOver) {
        this.isNews = false;
        const text = await this.fetch();
        if (text === '') continue;
        this.isNews = true;
        this.send(text);
      }
    } catch {
      // Who comes back is told what is wrong, or goes on where this ended.
      this.end();
    } finally {
      this.isFetching = false;
    }
  }

  private send(text: string): void {
    if (this.isOver) return;
    this.isWanted = false;
    this.waiting = setTimeout(() => this.emit('stall'), this.patienceMs);
    this.push(text);
  }
}
