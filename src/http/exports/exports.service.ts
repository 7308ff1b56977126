import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Config } from '../../../config/index.js';
import { Problem } from '../problems/problem.js';
import { ProblemSender } from '../server/problem.sender.js';
import { toProblem } from '../problems/to-problem.js';
import type { ExportRequest } from './export-request.js';
import { ExportStream, textOf } from './export-stream.js';

/** All rows of a list, read in batches when they are asked for. */
export type Batches = AsyncIterable<readonly unknown[]>;

/** A client that takes nothing for so long is dropped: it holds a connection, and dead rows in the tables. */
const PATIENCE_MS = 60_000;

/** Sends lists as a whole, a bounded number at once. */
@Injectable()
export class ExportsService {
  private readonly most: number;
  private underWay = 0;

  constructor(
    config: Config,
    private readonly problems: ProblemSender,
  ) {
    // Each holds a connection for as long as its client takes to read; the others are for everybody else.
    this.most = Math.max(1, Math.floor(config.database.poolSize / 4));
  }

  /** @throws Problem `overloaded`; whatever the first rows fail with */
  async begin(batches: Batches, asked: ExportRequest, request: FastifyRequest): Promise<ExportStream> {
    if (this.underWay >= this.most) throw new Problem('overloaded', 'Too many exports are running.');
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
