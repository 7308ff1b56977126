import { Injectable } from '@nestjs/common';

import { DataSource } from 'typeorm';
import { sortsOf } from '../platform/database/entity-columns.js';
import { Keyset, wholeList } from '../platform/database/keyset.js';
import type { Sorts } from '../platform/database/keyset.js';
import type { Page } from '../http/pages/page.js';
import { timeOfId } from '../platform/database/uuid-time.js';
import { filtersOf } from '../platform/database/resource-filters.js';
import { CursorReader } from '../platform/database/cursor-reader.js';
import { SELECT_EVENTS } from '../platform/events/event-columns.js';
import { LoggedEvent } from '../platform/events/logged-event.entity.js';
import type { ListAuditEventsQuery } from './audit-event.dto.js';

/** It never changes: there is one version of it. */
export type AuditEvent = LoggedEvent & { version: number };

const SORTS: Sorts<AuditEvent> = sortsOf(LoggedEvent);

/** Both times of an event are the same since they are taken at once; of older ones they are a few milliseconds apart. */
const TIMES_DIFFER_MS = 1000;

@Injectable()
export class AuditRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly keyset: Keyset,
    private readonly cursors: CursorReader,
  ) {}

  page(query: ListAuditEventsQuery): Promise<Page<AuditEvent>> {
    return this.keyset.page<AuditEvent>((sql, parameters) => this.dataSource.query(sql, parameters), {
      list: 'audit events',
      select: SELECT_EVENTS,
      filters: filtersFor(query),
      sorts: SORTS,
      query,
    });
  }

  /** All that match, in batches, as they are at one moment. */
  all(query: ListAuditEventsQuery): AsyncIterable<AuditEvent[]> {
    const list = wholeList({ select: SELECT_EVENTS, filters: filtersFor(query), sorts: SORTS, query });
    return this.cursors.read<AuditEvent>(() => Promise.resolve(list));
  }

  /** The id says in which month to look, and where in its index. */
  async findById(id: string): Promise<AuditEvent | null> {
    const [from, to] = [-TIMES_DIFFER_MS, TIMES_DIFFER_MS].map((ms) => (timeOfId(id) + ms) / 1000);
    const [event] = await this.dataSource.query<AuditEvent[]>(
      `${SELECT_EVENTS} WHERE id = $1 AND created_at BETWEEN to_timestamp($2) AND to_timestamp($3)`,
      [id, from, to],
    );
    return event ?? null;
  }

  /** The highest position that was ever drawn, whether or not its event is committed. */
  async lastPosition(): Promise<string> {
    const [row] = await this.dataSource.query<{ position: string }[]>(
      `SELECT coalesce(pg_sequence_last_value('events_position_seq'), 0) AS position`,
    );
    return row?.position ?? '0';
  }
}

const filtersFor = (query: ListAuditEventsQuery) =>
  filtersOf(LoggedEvent, query, { action: (type) => `type = ${type}` });
