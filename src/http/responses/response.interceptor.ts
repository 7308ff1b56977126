import { Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { map } from 'rxjs';
import type { Observable } from 'rxjs';
import type { Caller } from '../access/caller.js';
import { Problem } from '../problems/problem.js';
import { appendHeader } from '../server/append-header.js';
import { refuseUndeclaredQuery } from '../validation/undeclared-query.js';
import { acceptsJson, preferredType } from './accept.js';
import { ANSWER } from './returns.decorators.js';
import type { Answer } from './returns.decorators.js';
import { shapeAnswer } from './shape-answer.js';
import { WrittenAnswer } from './written-answer.js';

/** Shapes what a handler returned into the answer that it declares, with the headers that every such answer has. */
@Injectable()
export class ResponseInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    const answer = this.reflector.get<Answer>(ANSWER, context.getHandler());
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    if (!isPublished(answer, request)) setCacheHeaders(request, reply);
    if (answer.kind === 'document') return next.handle();
    if (answer.kind !== 'redirect') refuseUndeclaredQuery(context);
    if (!isAcceptable(answer, request.headers.accept)) throw new Problem('not_acceptable');
    return next
      .handle()
      .pipe(
        map((value) =>
          value instanceof WrittenAnswer ? value.content : shapeAnswer(answer, value, request, reply),
        ),
      );
  }
}

function isAcceptable({ kind, mediaTypes = [] }: Answer, accept: string | undefined): boolean {
  if (kind === 'nothing' || kind === 'redirect') return true;
  if (kind !== 'stream' && acceptsJson(accept)) return true;
  return mediaTypes.length > 0 && preferredType(accept ?? '*/*', mediaTypes) !== undefined;
}

/** Pages for people and the description of the API are for everybody, and say themselves how long they may be kept. */
function isPublished(answer: Answer, { routeOptions }: FastifyRequest): boolean {
  return answer.kind === 'document' && routeOptions.url?.startsWith('/v1/') !== true;
}

/** Revalidate with the ETag; what is about credentials is never stored (RFC 9111). */
function setCacheHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.header(
    'cache-control',
    request.routeOptions.url?.startsWith('/v1/auth/') ? 'no-store' : 'private, no-cache',
  );
  // Other parts of the skin vary their answers too (CORS by `Origin`).
  appendHeader(reply, 'vary', varyOf(request.caller));
}

function varyOf(caller: Caller | undefined): string {
  if (!caller) return 'Accept';
  return caller.apiKeyId === null ? 'Accept, Authorization' : 'Accept, Authorization, X-API-Key';
}
