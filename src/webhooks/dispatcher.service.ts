import { Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Transactions } from '../platform/database/transactions.js';
import { EventFeed } from '../platform/events/event-feed.js';
import type { LoggedEvent } from '../platform/events/logged-event.entity.js';
import { DeliveryEngine } from './delivery-engine.service.js';
import { DispatchRepository } from './dispatch.repository.js';
import type { SubscribedEndpoint, NewDelivery } from './dispatch.repository.js';
import { Loop } from './loop.js';
import { payloadOf } from './payload.js';

const PACE = { restMs: 10, everyMs: 5000 };
const EVENTS = 500;
/** What a round may write, so that it never takes long: at least one event, for whoever wants to hear of it. */
const BYTES = 4_000_000;

/** How far the log has been read, and what comes of that. */
interface Dispatch {
  readonly position: string;
  readonly deliveries: NewDelivery[];
}

/**
 * Makes deliveries of the events of the log. The position in the log moves on in the transaction that makes them: each
 * endpoint gets each event that it wants to hear of once, whatever is killed when, and however many instances there are.
 */
@Injectable()
export class Dispatcher implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Dispatcher.name);
  private readonly loop = new Loop(
    () => this.round(),
    PACE,
    (error) => this.logger.warn({ err: error, msg: 'Events do not become webhook deliveries; trying again' }),
  );
  private unsubscribe: () => void = () => undefined;

  constructor(
    private readonly feed: EventFeed,
    private readonly dispatches: DispatchRepository,
    private readonly engine: DeliveryEngine,
    private readonly transactions: Transactions,
  ) {}

  onApplicationBootstrap(): void {
    this.unsubscribe = this.feed.subscribe(() => this.loop.wake());
    this.loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.unsubscribe();
    await this.loop.stop();
  }

  private async round(): Promise<void> {
    const dispatch = await this.transactions.run((tx) => this.dispatchNext(tx));
    if (!dispatch) return;
    // There may be more.
    this.loop.wake();
    if (dispatch.deliveries.length > 0) this.engine.wake();
  }

  /** Null if there is nothing new, or another instance is at it. */
  private async dispatchNext(tx: EntityManager): Promise<Dispatch | null> {
    const position = await this.dispatches.lockCursor(tx);
    if (position === null) return null;
    const events = await this.feed.readBehind(tx, position, EVENTS);
    if (events.length === 0) return null;
    // After the events: of an endpoint that was there before one of them, this knows.
    const dispatch = toDispatch(events, await this.dispatches.findSubscribed(tx));
    await this.dispatches.insert(tx, dispatch.deliveries);
    await this.dispatches.moveCursor(tx, dispatch.position);
    return dispatch;
  }
}

function toDispatch(events: readonly LoggedEvent[], endpoints: readonly SubscribedEndpoint[]): Dispatch {
  const deliveries: NewDelivery[] = [];
  let position = '';
  let bytes = 0;
  for (const event of events) {
    const endpointIds = endpoints.filter((listener) => hears(listener, event)).map(({ id }) => id);
    const payload = endpointIds.length > 0 ? payloadOf(event) : '';
    bytes += payload.length * endpointIds.length;
    if (position !== '' && bytes > BYTES) break;
    for (const endpointId of endpointIds) deliveries.push({ id: uuidv7(), endpointId, event, payload });
    position = event.position;
  }
  return { position, deliveries };
}

function hears({ eventTypes, startsBehind }: SubscribedEndpoint, { type, position }: LoggedEvent): boolean {
  const isMeant = eventTypes.includes('*') || eventTypes.includes(type);
  return isMeant && BigInt(position) > BigInt(startsBehind);
}
