import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Caller } from '../../http/access/caller.js';
import { currentContext } from '../../http/context/request-context.js';
import { timeOfId } from '../database/uuid-time.js';
import { Sql } from '../database/sql.js';
import { Transactions } from '../database/transactions.js';
import { EventFeed } from './event-feed.js';
import { resourceTypeOf } from './event-types.js';
import type { EventType } from './event-types.js';
import type { ActorType, Changes } from './logged-event.entity.js';

/** Every change of anything makes an event: written out, as building the statement anew costs more than carrying it out. */
const INSERT = `
  INSERT INTO events (id, type, actor_type, actor_id, resource_type, resource_id, changes, details, trace_id, created_at)
  SELECT id, type, actor_type, actor_id, resource_type, resource_id, changes::jsonb, details::jsonb, trace_id, created_at
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::uuid[], $7::text[], $8::text[],
    $9::text[], $10::timestamptz[])
    AS event (id, type, actor_type, actor_id, resource_type, resource_id, changes, details, trace_id, created_at)`;

/** In the order of the statement's parameters. */
const COLUMNS = [
  'id',
  'type',
  'actorType',
  'actorId',
  'resourceType',
  'resourceId',
  'changes',
  'details',
  'traceId',
  'createdAt',
] as const satisfies readonly (keyof ReturnType<typeof rowOf>)[];

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
    private readonly sql: Sql,
    private readonly transactions: Transactions,
  ) {}

  /** In this order, by one statement. */
  async append(tx: EntityManager, ...events: readonly NewEvent[]): Promise<void> {
    if (events.length === 0) return;
    const rows = events.map(rowOf);
    const values = COLUMNS.map((column) => rows.map((row) => row[column]));
    await this.sql.preparedIn(tx, 'events_append', INSERT, values);
    this.transactions.afterCommit(tx, () => this.feed.nudge());
  }
}

function rowOf(event: NewEvent) {
  const context = currentContext();
  const actor = event.actor ?? actorOf(context?.caller);
  const id = uuidv7();
  return {
    id,
    type: event.type,
    actorType: actor.type,
    actorId: actor.id,
    resourceType: resourceTypeOf(event.type),
    resourceId: event.resourceId,
    changes: toJson(event.changes),
    details: toJson(event.details),
    traceId: context?.traceId ?? null,
    createdAt: new Date(timeOfId(id)),
  };
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
