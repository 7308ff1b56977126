import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { Config } from '../../../config/index.js';

const HEARTBEAT_MS = 300;
/** A connection that does not answer for so long is given up. */
const SILENCE_MS = 2000;
/** How old the last answer may be for the connection to be believed. */
const CURRENT_MS = 3000;
const RECONNECT_MS = 500;

export interface Listener {
  onPayload(payload: string): void;
  /** What was announced before is lost: read it. Until this resolves, nothing is current. */
  onConnect(): Promise<void>;
}

/**
 * What other instances announce by NOTIFY, over one connection of its own. A heartbeat tells silence from a broken
 * line, so that whoever keeps a cache by these announcements knows when to distrust it.
 */
@Injectable()
export class PgListener implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(PgListener.name);
  private readonly listeners = new Map<string, Listener>();
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private heardAt = -Infinity;

  constructor(private readonly config: Config) {}

  /** One listener for each channel, given before the application starts. */
  listen(channel: string, listener: Listener): void {
    if (this.listeners.has(channel)) throw new Error(`Somebody listens to ${channel} already`);
    this.listeners.set(channel, listener);
  }

  /** Whether everything that was committed so long ago and more has been heard. */
  isCurrent(withinMs = CURRENT_MS): boolean {
    return performance.now() - this.heardAt < withinMs;
  }

  onApplicationBootstrap(): void {
    this.running = this.keepListening();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async keepListening(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      await this.listenOnce().catch((error: unknown) => {
        if (!this.stopping.signal.aborted)
          this.logger.warn({ err: error, msg: 'The connection for notifications is down; trying again' });
      });
      this.heardAt = -Infinity;
      await this.pause(RECONNECT_MS);
    }
  }

  private async listenOnce(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.config.database.url,
      application_name: 'stockroom-notifications',
      connectionTimeoutMillis: SILENCE_MS,
      query_timeout: SILENCE_MS,
      keepAlive: true,
    });
    const broken = new Promise<never>((_, reject) => client.on('error', reject));
    broken.catch(() => undefined);
    try {
      await client.connect();
      client.on('notification', ({ channel, payload }) =>
        this.listeners.get(channel)?.onPayload(payload ?? ''),
      );
      for (const channel of this.listeners.keys())
        await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
      await Promise.race([this.listenFrom(client), broken]);
    } finally {
      hangUp(client);
    }
  }

  /** Announcements arrive before the answer to a query that was sent after them. */
  private async listenFrom(client: pg.Client): Promise<void> {
    for (const listener of this.listeners.values()) await listener.onConnect();
    while (!this.stopping.signal.aborted) {
      const sentAt = performance.now();
      await client.query('SELECT 1');
      this.heardAt = sentAt;
      await this.pause(HEARTBEAT_MS);
    }
  }

  private async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}

/** Without waiting for the other side, which may be gone. */
function hangUp(client: pg.Client): void {
  client.on('error', () => undefined);
  client.end().catch(() => undefined);
  // pg's types leave out the socket below.
  const { stream } = (client as unknown as { connection: { stream: { destroySoon?(): void } } }).connection;
  stream.destroySoon?.();
}
