import { Readable } from 'node:stream';
import { Injectable, StreamableFile } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { mergeMap } from 'rxjs';
import type { Observable } from 'rxjs';
import { WrittenAnswer } from '../responses/written-answer.js';
import { appendHeader } from '../server/append-header.js';
import { encode } from './compression.js';
import { EXPORT, exportRequestOf } from './export-request.js';
import type { Exportable, ExportRequest } from './export-request.js';
import { ExportsService } from './exports.service.js';
import type { Batches } from './exports.service.js';

/** Sends a list as a whole, where the client asks for that rather than for a page. */
@Injectable()
export class ExportInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly exports: ExportsService,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const asked = exportRequestOf(this.reflector.get<Exportable>(EXPORT, context.getHandler()), request);
    if (!asked) return next.handle();
    request.exportFormat = asked.format;
    return next.handle().pipe(
      mergeMap(async (batches) => {
        const content =
          request.method === 'HEAD'
            ? Readable.from([])
            : await this.exports.begin(batches as Batches, asked, request);
        setHeaders(reply, asked);
        // The answer has begun, whatever a compressor still holds back.
        reply.raw.once('pipe', () => reply.raw.flushHeaders());
        return new WrittenAnswer(new StreamableFile(encode(content, asked.coding)));
      }),
    );
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
