import { Injectable } from '@nestjs/common';
import { badLastEventId } from '../http/event-streams/last-event-id.js';
import type { Page } from '../http/pages/page.js';
import { Problem } from '../http/problems/problem.js';
import type { ListAuditEventsQuery } from './audit-event.dto.js';
import { AuditRepository } from './audit.repository.js';
import type { AuditEvent } from './audit.repository.js';
import { EventFollower } from './event-follower.js';
import { EventTail } from './event-tail.js';

/** Who did what: the event log for those who look into it afterwards. */
@Injectable()
export class AuditService {
  constructor(
    private readonly events: AuditRepository,
    private readonly tail: EventTail,
  ) {}

  listEvents(query: ListAuditEventsQuery): Promise<Page<AuditEvent>> {
    return this.events.page(query);
  }

  /** All that match, in batches, as they are at one moment. */
  exportEvents(query: ListAuditEventsQuery): AsyncIterable<AuditEvent[]> {
    return this.events.all(query);
  }

  async getEvent(id: string): Promise<AuditEvent> {
    const event = await this.events.findById(id);
    if (!event) throw new Problem('not_found');
    return event;
  }

  /**
   * Everything that happens from now on, or has happened since an event.
   * @throws Problem `validation_failed` for an event that is yet to come
   */
  async followEvents(lastEventId: string | undefined): Promise<EventFollower> {
    if (lastEventId === undefined) return new EventFollower(this.tail, await this.tail.last());
    if (BigInt(lastEventId) > BigInt(await this.events.lastPosition()))
      throw badLastEventId('the id of an existing event');
    return new EventFollower(this.tail, lastEventId);
  }
}
