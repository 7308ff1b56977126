import { Readable } from 'node:stream';
import { Injectable, StreamableFile } from '@nestjs/common';
import type { CallHandler } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { mergeMap } from 'rxjs';
import type { Observable } from 'rxjs';
import { Config } from '../../../config/index.js';
import { appendHeader } from '../server/append-header.js';
import { Problem } from '../problems/problem.js';
import { ProblemSender } from '../server/problem.sender.js';
import { toProblem } from '../problems/to-problem.js';
import type { Answer } from '../responses/returns.decorators.js';
import { encode } from './compression.js';
import { exportRequestOf } from './export-request.js';
import type { ExportRequest } from './export-request.js';
import { ExportStream, textOf } from './export-stream.js';

/** All rows of a list, read in batches when they are asked for. */
type Batches = AsyncIterable<readonly unknown[]>;

/** A client that takes nothing for so long is dropped: it holds a connection, and dead rows in the tables. */
const PATIENCE_MS = 60_000;

/** Sends a list as a whole, where the client asks for that rather than for a page. */
@Injectable()
export class Exports {
  private readonly most: number;
  private underWay = 0;

  constructor(
    config: Config,
    private readonly problems: ProblemSender,
  ) {
    // Each holds a connection for as long as its client takes to read; the others are for everybody else.
    this.most = Math.max(1, Math.floor(config.database.poolSize / 4));
  }

  /** @returns undefined where no export is asked for, or this list has none */
  intercept(
    answer: Answer,
    request: FastifyRequest,
    reply: FastifyReply,
    next: CallHandler<unknown>,
  ): Observable<unknown> | undefined {
    const asked = exportRequestOf(answer, request);
    if (!asked) return undefined;
    request.exportFormat = asked.format;
    return next.handle().pipe(
      mergeMap(async (value: unknown) => {
        const batches = value as Batches;
        const content =
          request.method === 'HEAD' ? Readable.from([]) : await this.begin(batches, asked, request);
        setHeaders(reply, asked);
        // The answer has begun, whatever a compressor still holds back.
        reply.raw.once('pipe', () => reply.raw.flushHeaders());
        return new StreamableFile(encode(content, asked.coding));
      }),
    );
  }

  /** @throws Problem `overloaded`; whatever the first rows fail with */
  private async begin(
    batches: Batches,
    asked: ExportRequest,
    request: FastifyRequest,
  ): Promise<ExportStream> {
    if (this.underWay >= this.most) throw new Problem('overloaded', 'Too many exports are under way.');
    const { format, columns, dto } = asked;
    const lineOf = (row: unknown) => format.line(dto.from(row), columns);
    const stream = new ExportStream(textOf(batches, format.begin(columns), lineOf), PATIENCE_MS);
    this.watch(stream, request);
    await stream.begin();
    return stream;
  }

  /** Clients that leave are no failure: the stream is destroyed with the response, and closed. */
  private watch(stream: ExportStream, request: FastifyRequest): void {
    this.underWay += 1;
    stream.once('close', () => (this.underWay -= 1));
    stream.once('error', (error) => this.problems.cut(request, toProblem(error)));
    stream.once('stall', () => {
      request.log.info('An export is given up: its client has stopped reading');
      request.raw.socket.resetAndDestroy();
    });
  }
}

function setHeaders(reply: FastifyReply, { format, name, coding }: ExportRequest): void {
  const date = new Date().toISOString().slice(0, 10);
  appendHeader(reply, 'vary', 'Accept-Encoding');
  reply.headers({
    'content-type': format.contentType,
    'content-disposition': `attachment; filename="${name}-${date}.${format.extension}"`,
    ...(coding !== 'identity' && { 'content-encoding': coding }),
  });
}
