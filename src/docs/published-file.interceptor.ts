import { Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { map } from 'rxjs';
import type { Observable } from 'rxjs';
import { appendHeader } from '../http/server/append-header.js';
import { matchesEtag } from '../http/responses/etag.js';
import type { PublishedFile } from './published-file.js';

/** Sends the file that a handler returned. Caches may keep it, and ask each time whether it is still the same. */
@Injectable()
export class PublishedFileInterceptor implements NestInterceptor<PublishedFile> {
  intercept(context: ExecutionContext, next: CallHandler<PublishedFile>): Observable<unknown> {
    const { headers } = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(
      map((file) => {
        reply.headers({ 'cache-control': 'public, no-cache', ...file.headers, etag: file.etag });
        if (file.negotiated) appendHeader(reply, 'vary', 'Accept');
        const known = headers['if-none-match'];
        if (known !== undefined && matchesEtag(known, file.etag)) {
          reply.code(304);
          return undefined;
        }
        reply.type(file.mediaType);
        return file.body;
      }),
    );
  }
}
