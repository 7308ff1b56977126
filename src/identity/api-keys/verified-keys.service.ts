import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Caller } from '../../http/access/caller.js';
import { PgListener } from '../../platform/database/pg-listener.js';

const MAX_REMEMBERED = 10_000;
/** How long a key is believed while nobody would tell of a change. */
const UNWATCHED_MS = 1000;

export interface VerifiedKey {
  readonly id: string;
  readonly secretHash: Buffer;
  readonly expiresAt: Date | null;
  /** Whom it makes the sender of a request. */
  readonly caller: Caller;
}

/** The moment at which something is read. */
export interface Reading {
  readonly changes: number;
  readonly at: number;
}

/** Stands for what an owner was when keys were read; replaced by another one after each change of the owner. */
type OwnerMark = object;

interface Remembered {
  readonly key: VerifiedKey;
  readonly owner: OwnerMark;
  readonly readAt: number;
}

/**
 * Keys that were presented with their secret, and their owners, as they are now: the database announces every change, so
 * that no request needs a query to know. While the line is down they are read again after a second.
 */
@Injectable()
export class VerifiedKeysService implements OnModuleInit {
  private readonly keys = new LRUCache<string, Remembered>({ max: MAX_REMEMBERED });
  private readonly owners = new LRUCache<string, OwnerMark>({ max: MAX_REMEMBERED });
  private changes = 0;

  constructor(private readonly listener: PgListener) {}

  onModuleInit(): void {
    this.listener.listen('api_keys', {
      onPayload: (payload) => this.hear(JSON.parse(payload) as { key?: string; user?: string }),
      onConnect: () => {
        this.forgetAll();
        return Promise.resolve();
      },
    });
  }

  find(id: string): VerifiedKey | undefined {
    const known = this.keys.get(id);
    if (!known || this.owners.get(known.key.caller.userId) !== known.owner) return undefined;
    const isBelieved = this.listener.isCurrent() || performance.now() - known.readAt < UNWATCHED_MS;
    return isBelieved ? known.key : undefined;
  }

  /** To be called before a key is read that is to be remembered. */
  beginReading(): Reading {
    return { changes: this.changes, at: performance.now() };
  }

  /** What was read before a change, and comes after its announcement, would stay for ever: it is left out. */
  remember(key: VerifiedKey, { changes, at }: Reading): void {
    if (changes !== this.changes) return;
    const { userId } = key.caller;
    const owner = this.owners.get(userId) ?? {};
    this.owners.set(userId, owner);
    this.keys.set(key.id, { key, owner, readAt: at });
  }

  /** What this instance did itself, it need not be told. */
  forget(id: string): void {
    this.hear({ key: id });
  }

  private hear({ key, user }: { key?: string; user?: string }): void {
    this.changes += 1;
    if (key !== undefined) this.keys.delete(key);
    if (user !== undefined) this.owners.delete(user);
  }

  private forgetAll(): void {
    this.changes += 1;
    this.keys.clear();
    this.owners.clear();
  }
}
