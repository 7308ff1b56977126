import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Sql } from '../database/sql.js';
import { EVENT_COLUMNS } from './event-columns.js';
import type { LoggedEvent } from './logged-event.entity.js';

/** How often other instances' events are looked for, and how soon after a look the next one may be. */
const LOOK_EVERY_MS = 200;
const LOOK_AGAIN_MS = 20;

const SAFE_POSITION = 'SELECT events_safe_position() AS position';

const READ = `SELECT ${EVENT_COLUMNS} FROM events WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3`;

/**
 * The event log as its readers follow it: in the order of positions, each event once. Positions are drawn in another
 * order than transactions commit in; what is read here is only ever what no later commit can come before. How the
 * database knows that is told in the migration that made `events_safe_position`.
 *
 * Not by NOTIFY: a transaction that announces something holds up every other one that does, until it is committed.
 */
@Injectable()
export class EventFeed implements OnApplicationShutdown {
  private readonly logger = new Logger(EventFeed.name);
  private readonly listeners = new Set<() => void>();
  private seen = '';
  private isAway = false;
  private looking: Promise<void> | undefined;
  private nudged = new AbortController();

  constructor(private readonly sql: Sql) {}

  /**
   * The events behind a position, oldest first. The transaction must not have appended any itself (its own would not be
   * among them), and be READ COMMITTED.
   */
  async readBehind(tx: EntityManager, position: string, limit: number): Promise<LoggedEvent[]> {
    const last = await this.last(tx);
    // A statement of its own, so that its snapshot is newer than what it relies on.
    return tx.query<LoggedEvent[]>(READ, [position, last, limit]);
  }

  /** The highest position that all readers have behind them once they have read on to it; 0 if there is none. */
  async last(tx: EntityManager): Promise<string> {
    const [row] = await tx.query<{ position: string }[]>(SAFE_POSITION);
    return row?.position ?? '0';
  }

  /**
   * Calls the listener when there may be something new. For what was committed before, it may or may not be called: read
   * that first. @returns what ends that
   */
  subscribe(listener: () => void): () => void {
    // One may be there twice.
    const own = () => listener();
    this.listeners.add(own);
    this.looking ??= this.keepLooking();
    return () => {
      this.listeners.delete(own);
      this.nudge();
    };
  }

  /** Something was committed here. */
  nudge(): void {
    if (this.looking) this.nudged.abort();
  }

  async onApplicationShutdown(): Promise<void> {
    this.listeners.clear();
    this.nudge();
    await this.looking;
  }

  private async keepLooking(): Promise<void> {
    while (this.listeners.size > 0) {
      await this.look();
      await sleep(LOOK_AGAIN_MS);
      await sleep(LOOK_EVERY_MS - LOOK_AGAIN_MS, undefined, { signal: this.nudged.signal }).catch(
        () => undefined,
      );
      this.nudged = new AbortController();
    }
    this.looking = undefined;
  }

  private async look(): Promise<void> {
    try {
      const [row] = await this.sql.prepared<{ position: string }>('safe_position', SAFE_POSITION, []);
      this.isAway = false;
      if (row?.position === this.seen) return;
      this.seen = row?.position ?? '';
      for (const listener of this.listeners) listener();
    } catch (error) {
      if (!this.isAway) this.logger.warn({ err: error, msg: 'The event log cannot be read; trying again' });
      this.isAway = true;
    }
  }
}
