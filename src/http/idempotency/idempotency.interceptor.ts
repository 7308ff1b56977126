import { createHash } from 'node:crypto';
import { applyDecorators, Inject, Injectable, SetMetadata, UseInterceptors } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom } from 'rxjs';
import type { Observable } from 'rxjs';
import { ANSWER } from '../responses/returns.decorators.js';
import type { Answer } from '../responses/returns.decorators.js';
import { shapeAnswer } from '../responses/shape-answer.js';
import { WrittenAnswer } from '../responses/written-answer.js';
import { Upload } from '../uploads/upload.js';
import { keyScopeOf, parseIdempotencyKey } from './idempotency-key.js';
import { IDEMPOTENCY_STORE } from './idempotency-store.js';
import type { IdempotencyStore, KeptAnswer } from './idempotency-store.js';

export const IDEMPOTENT = 'stockroom:idempotent';

/** What a repetition gets again besides the body; all other headers are about the request that they answer. */
const KEPT_HEADERS = ['location', 'etag', 'cache-control'] as const;

/** A handler that creates something: a repetition with the same `Idempotency-Key` gets the first answer again. */
export const Idempotent = () =>
  applyDecorators(
    SetMetadata(IDEMPOTENT, true),
    UseInterceptors(IdempotencyInterceptor),
    ApiHeader({ name: 'Idempotency-Key' }),
  );

/**
 * Answers a request with an Idempotency-Key: with what the handler returns, or, byte for byte, with what it returned the
 * first time. Refusals are not kept, as they had no effect.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    @Inject(IDEMPOTENCY_STORE) private readonly store: IdempotencyStore,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const header = request.headers['idempotency-key'];
    if (header === undefined) return next.handle();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const answer = this.reflector.get<Answer>(ANSWER, context.getHandler());
    const work = async () => {
      const body = JSON.stringify(shapeAnswer(answer, await lastValueFrom(next.handle()), request, reply));
      return { headers: keptHeaders(reply), body };
    };
    return from(this.answer(String(header), request, reply, work));
  }

  private async answer(
    header: string,
    request: FastifyRequest,
    reply: FastifyReply,
    work: () => Promise<KeptAnswer>,
  ): Promise<WrittenAnswer> {
    const keyed = {
      scope: keyScopeOf(request),
      key: parseIdempotencyKey(header),
      fingerprint: () => fingerprintOf(request),
    };
    const { body, headers, replayed } = await this.store.answer(keyed, work);
    reply.headers(headers).header('content-type', 'application/json; charset=utf-8');
    if (replayed) reply.header('idempotency-replayed', 'true');
    return new WrittenAnswer(body);
  }
}

function keptHeaders(reply: FastifyReply): Record<string, string> {
  return Object.fromEntries(
    KEPT_HEADERS.flatMap((name) => (reply.hasHeader(name) ? [[name, String(reply.getHeader(name))]] : [])),
  );
}

/** The path and the body: JSON however it is spaced, an upload to the last byte. */
async function fingerprintOf({ url, body }: FastifyRequest): Promise<string> {
  const content = body instanceof Upload ? (await body.digest()).toString('base64url') : (body ?? null);
  return createHash('sha256')
    .update(JSON.stringify([url, content]))
    .digest('base64url');
}
