import { Readable } from 'node:stream';
import {
  applyDecorators,
  HttpCode,
  Injectable,
  SetMetadata,
  StreamableFile,
  UseInterceptors,
} from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiExtraModels, ApiOkResponse } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { map } from 'rxjs';
import type { Observable } from 'rxjs';
import { Problems } from '../problems/problems.decorator.js';
import { declareAnswer } from '../responses/returns.decorators.js';
import type { ResponseDto } from '../responses/returns.decorators.js';
import { WrittenAnswer } from '../responses/written-answer.js';
import type { EventSource } from './event-source.js';
import { EventStreamsService } from './event-streams.service.js';

const EVENT_STREAM = 'text/event-stream';
const STREAMED = 'stockroom:streamed';

const HEADERS = {
  'content-type': EVENT_STREAM,
  // Neither kept nor held back by anybody in between.
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
};

/** 200 with server-sent events, each with an object as its data, for as long as the client stays. */
export const ReturnsEventStream = (dto: ResponseDto) =>
  applyDecorators(
    declareAnswer({ kind: 'stream', mediaTypes: [EVENT_STREAM] }),
    SetMetadata(STREAMED, dto),
    UseInterceptors(EventStreamInterceptor),
    HttpCode(200),
    ApiExtraModels(dto as never),
    ApiOkResponse({
      content: {
        [EVENT_STREAM]: {
          schema: { type: 'string' },
          example: 'id: 4711\nevent: product.deleted\ndata: {...}\n\n',
        },
      },
      description: `The events, each with one \`${dto.name.replace(/Response$/, '')}\` as its data.`,
    }),
    Problems('not_acceptable', 'overloaded'),
  );

/** Sends what the handler's event source has, and goes on until the stream ends. */
@Injectable()
export class EventStreamInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly streams: EventStreamsService,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<WrittenAnswer> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const dto = this.reflector.get<ResponseDto<unknown>>(STREAMED, context.getHandler());
    return next.handle().pipe(
      map((source) => {
        const content =
          request.method === 'HEAD'
            ? Readable.from([])
            : this.streams.begin(source as EventSource, dto, context);
        reply.headers(HEADERS);
        reply.raw.once('pipe', () => reply.raw.flushHeaders());
        return new WrittenAnswer(new StreamableFile(content));
      }),
    );
  }
}
