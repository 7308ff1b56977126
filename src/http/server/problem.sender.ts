import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../../../config/index.js';
import { ensureRequestContext } from '../context/request-context.js';
import { problemBody } from '../problems/problem.js';
import type { Problem } from '../problems/problem.js';

/** Writes a problem to the client, and what operators need of it to the log. */
@Injectable()
export class ProblemSender {
  constructor(private readonly config: Config) {}

  send(request: FastifyRequest, reply: FastifyReply, problem: Problem): void {
    const { traceId } = ensureRequestContext(request, reply);
    this.log(request, problem);
    if (reply.sent) return;
    const path = request.url.split('?', 1)[0] ?? '/';
    const body = problemBody(problem, { path, traceId, publicUrl: this.config.http.publicUrl });
    void reply
      .code(problem.status)
      // The router refuses broken URLs before the hook that sets the security headers.
      .headers({ ...problem.headers, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
      .type('application/problem+json')
      .send(JSON.stringify(body));
  }

  /**
   * For an answer that has begun: breaks the connection, so that nobody takes the part for the whole. A reset is noticed
   * also by HTTP/1.0, which takes any other end for the end of the answer.
   */
  cut(request: FastifyRequest, problem: Problem): void {
    this.log(request, problem);
    request.raw.socket.resetAndDestroy();
  }

  private log(request: FastifyRequest, problem: Problem): void {
    const message = `${problem.code}: ${problem.message}`;
    if (problem.code === 'internal_error') request.log.error({ err: problem.cause ?? problem }, message);
    else if (problem.status >= 500) request.log.warn({ err: problem.cause ?? problem }, message);
    else request.log.debug({ err: problem.cause, errors: problem.errors }, message);
  }
}
