import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { ApiKeysRepository } from './api-keys.repository.js';

const MAX_REMEMBERED = 10_000;
/** A second more than the database asks for: the next attempt does not come a moment too early, and miss a minute. */
const NOTED_EVERY_MS = 61_000;

/** Notes when keys are used, behind the backs of the requests that use them. */
@Injectable()
export class KeyUsageService implements OnApplicationShutdown {
  private readonly logger = new Logger(KeyUsageService.name);
  private readonly notedAt = new LRUCache<string, number>({ max: MAX_REMEMBERED });
  private readonly writes = new Set<Promise<void>>();

  constructor(private readonly keys: ApiKeysRepository) {}

  note(id: string): void {
    const now = performance.now();
    if (now - (this.notedAt.get(id) ?? -Infinity) < NOTED_EVERY_MS) return;
    this.notedAt.set(id, now);
    const write = this.write(id).finally(() => this.writes.delete(write));
    this.writes.add(write);
  }

  /** The pool of connections closes later. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.writes);
  }

  private async write(id: string): Promise<void> {
    try {
      await this.keys.touch(id);
    } catch (error) {
      this.logger.warn({ err: error, msg: `The use of API key ${id} could not be noted` });
    }
  }
}
