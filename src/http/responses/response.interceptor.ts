import { Inject, Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom, map } from 'rxjs';
import type { Observable } from 'rxjs';
import type { Caller } from '../access/caller.js';
import { EventStreams } from '../event-streams/event-streams.js';
import { Exports } from '../exports/exports.js';
import type { Page } from '../pages/page.js';
import { appendHeader } from '../server/append-header.js';
import { answerOnce } from '../idempotency/answer-once.js';
import { ONCE } from '../idempotency/once.js';
import type { Once } from '../idempotency/once.js';
import { Problem } from '../problems/problem.js';
import { refuseUndeclaredQuery } from '../validation/undeclared-query.js';
import { acceptsJson } from './accept.js';
import { etagOf, matchesEtag } from './etag.js';
import { ANSWER } from './returns.decorators.js';
import type { Answer, ResponseDto } from './returns.decorators.js';

/** Shapes what a handler returned into the answer that it declares, with the headers that every such answer has. */
@Injectable()
export class ResponseInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    @Inject(ONCE) private readonly once: Once,
    private readonly exports: Exports,
    private readonly streams: EventStreams,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    const answer = this.reflector.get<Answer>(ANSWER, context.getHandler());
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    if (!isPublished(answer, request)) setCacheHeaders(request, reply);
    if (answer.kind === 'document') return next.handle();
    if (answer.kind !== 'redirect') refuseUndeclaredQuery(context);
    if (answer.kind === 'stream') return this.streams.intercept(answer.dto, context, next);
    const exported = this.exports.intercept(answer, request, reply, next);
    if (exported) return exported;
    const isJson = answer.kind !== 'nothing' && answer.kind !== 'redirect';
    if (isJson && !acceptsJson(request.headers.accept)) throw new Problem('not_acceptable');
    const answered = () => next.handle().pipe(map((value) => shape(answer, value, request, reply)));
    const key = request.headers['idempotency-key'];
    if (key === undefined || !isCreating(answer)) return answered();
    return from(answerOnce(this.once, String(key), request, reply, () => lastValueFrom(answered())));
  }
}

function shape(
  answer: Exclude<Answer, { kind: 'document' | 'stream' }>,
  value: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): object | undefined {
  if (answer.kind === 'nothing') return undefined;
  if (answer.kind === 'page') return shapePage(answer.dto, value as Page<unknown>, request, reply);
  if (answer.kind === 'redirect') return shapeRedirect(answer, value, reply);
  return shapeResource(answer, value as Versioned, request, reply);
}

function isCreating(answer: Answer): boolean {
  return answer.kind === 'resource' && answer.isNew === true;
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

interface Versioned {
  id?: string;
  version?: number;
}

function shapeResource(
  { dto, isNew, collection }: Extract<Answer, { kind: 'resource' }>,
  value: Versioned,
  request: FastifyRequest,
  reply: FastifyReply,
): object | undefined {
  if (isNew) reply.header('location', `${collection ?? pathOf(request)}/${value.id ?? ''}`);
  if (value.version !== undefined) {
    const etag = etagOf(value.version);
    reply.header('etag', etag);
    if (request.method === 'GET' || request.method === 'HEAD') {
      const { 'if-none-match': known } = request.headers;
      if (known !== undefined && matchesEtag(known, etag)) {
        reply.code(304);
        return undefined;
      }
    }
  }
  return dto.from(value);
}

function pathOf({ url }: FastifyRequest): string {
  return url.split('?', 1)[0] ?? '';
}

function shapeRedirect(
  { dto }: Extract<Answer, { kind: 'redirect' }>,
  value: unknown,
  reply: FastifyReply,
): object | undefined {
  const { location } = value as { location?: string };
  if (location === undefined) {
    reply.code(200);
    return dto?.from(value);
  }
  reply.header('location', location);
  return undefined;
}

function shapePage(
  dto: ResponseDto<unknown>,
  page: Page<unknown>,
  request: FastifyRequest,
  reply: FastifyReply,
): object {
  const { rows, nextCursor } = page;
  if (nextCursor !== null) reply.header('link', `<${withCursor(request.url, nextCursor)}>; rel="next"`);
  return { data: rows.map((row) => dto.from(row)), next_cursor: nextCursor, has_more: nextCursor !== null };
}

function withCursor(url: string, cursor: string): string {
  const [path = '', query = ''] = url.split('?', 2);
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', cursor);
  return `${path}?${parameters.toString()}`;
}
