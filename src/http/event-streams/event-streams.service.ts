import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { StandingAccess } from '../access/standing-access.js';
import { Problem } from '../problems/problem.js';
import type { ResponseDto } from '../responses/returns.decorators.js';
import type { EventSource, StreamedEvent } from './event-source.js';
import { EventStream } from './event-stream.js';

/** Of each process. */
export const MOST_STREAMS = 100;

const HEARTBEAT_MS = 15_000;
/** What is withdrawn has to be so within 5 seconds. */
const CHECK_MS = 3000;
/** A client that takes nothing for so long is dropped. */
const PATIENCE_MS = 60_000;

/** The streams that are open: each goes on for as long as its client stays and may see it, and the service runs. */
@Injectable()
export class EventStreamsService implements BeforeApplicationShutdown {
  private readonly streams = new Set<EventStream>();
  private isStopping = false;

  constructor(private readonly access: StandingAccess) {}

  /** Answers that never end by themselves would keep the server from closing. */
  beforeApplicationShutdown(): void {
    this.isStopping = true;
    for (const stream of this.streams) stream.end();
  }

  /** @throws Problem `overloaded` */
  begin(source: EventSource, dto: ResponseDto<unknown>, context: ExecutionContext): EventStream {
    if (this.isStopping || this.streams.size >= MOST_STREAMS)
      throw new Problem('overloaded', 'Too many streams are open.');
    const stream = new EventStream(async () => textOf(await source.next(), dto), PATIENCE_MS);
    this.streams.add(stream);
    const leave = source.subscribe(() => stream.wake());
    const beating = setInterval(() => stream.beat(), HEARTBEAT_MS);
    const checking = setInterval(() => void this.endIfRefused(stream, context), CHECK_MS);
    stream.once('close', () => {
      this.streams.delete(stream);
      leave();
      clearInterval(beating);
      clearInterval(checking);
    });
    this.dropIfStalled(stream, context);
    return stream;
  }

  private async endIfRefused(stream: EventStream, context: ExecutionContext): Promise<void> {
    if (!(await this.access.holds(context))) stream.end();
  }

  private dropIfStalled(stream: EventStream, context: ExecutionContext): void {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    stream.once('stall', () => {
      request.log.info('A stream is given up: its client has stopped reading');
      request.raw.socket.resetAndDestroy();
    });
  }
}

function textOf(events: readonly StreamedEvent[], dto: ResponseDto<unknown>): string {
  return events
    .map(({ id, event, row }) => `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(dto.from(row))}\n\n`)
    .join('');
}
