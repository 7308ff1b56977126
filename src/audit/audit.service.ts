import { Injectable } from '@nestjs/common';
import type { Page } from '../common/pages/page.js';
import { Problem } from '../common/problems/problem.js';
import type { ListAuditEventsQuery } from './audit-event.dto.js';
import { AuditRepository } from './audit.repository.js';
import type { AuditEvent } from './audit.repository.js';

/** Who did what: the event log for those who look into it afterwards. */
@Injectable()
export class AuditService {
  constructor(private readonly events: AuditRepository) {}

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
}
