import { Injectable, Logger } from '@nestjs/common';
import { Transactions } from '../platform/database/transactions.js';
import { EventFeed } from '../platform/events/event-feed.js';
import type { LoggedEvent } from '../platform/events/logged-event.entity.js';

/** Events that are read, or handed out, at once. */
export const PAGE = 50;
/** Events that are kept for followers who are a little behind. */
const KEPT = 1000;

/**
 * The end of the event log, read once for all who follow it here: whoever is no further behind than what is kept costs no
 * query. Each follower remembers its own position, and asks for what is behind it.
 */
@Injectable()
export class EventTail {
  private readonly logger = new Logger(EventTail.name);
  private readonly listeners = new Set<() => void>();
  /** Everything behind `begin` that can be read, up to the last reading; unknown until there has been one. */
  private begin: bigint | undefined;
  private kept: LoggedEvent[] = [];
  private isReading = false;
  private isNews = false;
  private leaveFeed: (() => void) | undefined;

  constructor(
    private readonly feed: EventFeed,
    private readonly transactions: Transactions,
  ) {}

  /** The position behind which everything is yet to come. */
  last(): Promise<string> {
    return this.transactions.statement((tx) => this.feed.last(tx));
  }

  async readBehind(position: string): Promise<readonly LoggedEvent[]> {
    const after = BigInt(position);
    if (this.begin === undefined || after < this.begin) return this.readLog(position);
    const first = this.kept.findIndex((event) => BigInt(event.position) > after);
    return first < 0 ? [] : this.kept.slice(first, first + PAGE);
  }

  /** Calls the listener when there may be something to read. @returns what ends that */
  subscribe(listener: () => void): () => void {
    const own = () => listener();
    this.listeners.add(own);
    this.leaveFeed ??= this.feed.subscribe(() => void this.advance());
    return () => {
      this.listeners.delete(own);
      if (this.listeners.size === 0) this.rest();
    };
  }

  private rest(): void {
    this.leaveFeed?.();
    this.leaveFeed = undefined;
    this.begin = undefined;
    this.kept = [];
  }

  private async advance(): Promise<void> {
    this.isNews = true;
    if (this.isReading) return;
    this.isReading = true;
    while (this.isNews && this.leaveFeed) {
      this.isNews = false;
      await this.read().catch((error: unknown) => {
        this.begin = undefined;
        this.logger.warn({ err: error, msg: 'The event log cannot be read for those who follow it' });
      });
      for (const listener of this.listeners) listener();
    }
    this.isReading = false;
  }

  private async read(): Promise<void> {
    if (this.begin === undefined) {
      const last = await this.last();
      this.kept = [];
      this.begin = BigInt(last);
      return;
    }
    const events = await this.readLog(this.kept.at(-1)?.position ?? String(this.begin));
    this.kept.push(...events);
    this.isNews ||= events.length === PAGE;
    const dropped = this.kept.splice(0, Math.max(0, this.kept.length - KEPT));
    this.begin = BigInt(dropped.at(-1)?.position ?? this.begin);
  }

  private readLog(position: string): Promise<LoggedEvent[]> {
    return this.transactions.statement((tx) => this.feed.readBehind(tx, position, PAGE));
  }
}
