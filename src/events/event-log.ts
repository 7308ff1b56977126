import { Injectable } from '@nestjs/common';
import type { EntityManager, QueryDeepPartialEntity } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Caller } from '../common/access/caller.js';
import { currentContext } from '../common/context/request-context.js';
import { Transactions } from '../database/transactions.js';
import { EventFeed } from './event-feed.js';
import type { EventType } from './event-types.js';
import { LoggedEvent } from './logged-event.entity.js';
import type { ActorType, Changes } from './logged-event.entity.js';

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
    const row = {
      id: uuidv7(),
      type: event.type,
      actorType: actor.type,
      actorId: actor.id,
      resourceType: event.type.split('.', 1)[0] ?? '',
      resourceId: event.resourceId,
      changes: event.changes ?? null,
      details: event.details ?? null,
      traceId: context?.traceId ?? null,
      createdAt: new Date(),
    };
    // The ORM's type of a JSON value admits functions, and hence no plain record.
    await tx.insert(LoggedEvent, row as QueryDeepPartialEntity<LoggedEvent>);
    this.transactions.afterCommit(tx, () => this.feed.nudge());
  }
}

function actorOf(caller: Caller | undefined): Actor {
  if (!caller) return { type: 'system', id: null };
  return caller.apiKeyId === null
    ? { type: 'user', id: caller.userId }
    : { type: 'api_key', id: caller.apiKeyId };
}
