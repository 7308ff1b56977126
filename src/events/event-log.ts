import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Caller } from '../common/access/caller.js';
import { currentContext } from '../common/context/request-context.js';
import { timeOfId } from '../common/uuid-time.js';
import { Transactions } from '../database/transactions.js';
import { EventFeed } from './event-feed.js';
import { resourceTypeOf } from './event-types.js';
import type { EventType } from './event-types.js';
import type { ActorType, Changes } from './logged-event.entity.js';

/** Every change of anything makes an event: written out, as building the statement anew costs more than carrying it out. */
const INSERT = `
  INSERT INTO events (id, type, actor_type, actor_id, resource_type, resource_id, changes, details, trace_id, created_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`;

export interface Actor {
  readonly type: ActorType;
  readonly id: string | null;
}

export interface NewEvent {
  readonly type: EventType;
  /** What it happened to: the part of the type before the dot, and its id (null if there is none, or none is known). */
  readonly resourceId: string | null;
  readonly changes?: Changes;
  readonly details?: Readonly<Record<string, unknown>>;
  /** Who did it, where that is not the caller of the request: somebody who is just signing in. */
  readonly actor?: Actor;
}

/** The append-only record of what happened, written in the transaction that makes it happen. */
@Injectable()
export class EventLog {
  constructor(
    private readonly feed: EventFeed,
    private readonly transactions: Transactions,
  ) {}

  async append(tx: EntityManager, event: NewEvent): Promise<void> {
    const context = currentContext();
    const actor = event.actor ?? actorOf(context?.caller);
    const id = uuidv7();
    await tx.query(INSERT, [
      id,
      event.type,
      actor.type,
      actor.id,
      resourceTypeOf(event.type),
      event.resourceId,
      toJson(event.changes),
      toJson(event.details),
      context?.traceId ?? null,
      new Date(timeOfId(id)),
    ]);
    this.transactions.afterCommit(tx, () => this.feed.nudge());
  }
}

function actorOf(caller: Caller | undefined): Actor {
  if (!caller) return { type: 'system', id: null };
  return caller.apiKeyId === null
    ? { type: 'user', id: caller.userId }
    : { type: 'api_key', id: caller.apiKeyId };
}

function toJson(value: object | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
