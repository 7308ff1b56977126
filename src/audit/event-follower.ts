import type { EventSource, StreamedEvent } from '../http/event-streams/event-source.js';
import type { EventTail } from './event-tail.js';

/** One client's way through the event log, from a position on. */
export class EventFollower implements EventSource {
  constructor(
    private readonly tail: EventTail,
    private position: string,
  ) {}

  async next(): Promise<StreamedEvent[]> {
    const events = await this.tail.readBehind(this.position);
    this.position = events.at(-1)?.position ?? this.position;
    return events.map((row) => ({ id: row.position, event: row.type, row }));
  }

  subscribe(listener: () => void): () => void {
    return this.tail.subscribe(listener);
  }
}
