import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../problems/problem.js';
import { charsetOf } from './charset.js';
import { refuseLength, Upload } from './upload.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The media types that the handler takes as an Upload; set by `@TakesUpload`. */
    uploads?: readonly string[];
  }
}

const MEDIA_TYPES = ['text/csv', 'application/x-ndjson'];

/** Hands bodies to handlers that take them as they come; everywhere else these media types are refused. */
export function registerUploads(fastify: FastifyInstance, maxBytes: number): void {
  fastify.addContentTypeParser(MEDIA_TYPES, (request, _payload, done) => {
    try {
      done(null, request.is404 ? undefined : toUpload(request, maxBytes));
    } catch (error) {
      done(error as Error);
    }
  });
  fastify.addHook('onResponse', ({ body }, _reply, done) => {
    if (body instanceof Upload) void body.discardRest();
    done();
  });
}

function toUpload(request: FastifyRequest, maxBytes: number): Upload {
  const type = request.headers['content-type'] ?? '';
  const mediaType = type.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (!request.routeOptions.config.uploads?.includes(mediaType)) throw new Problem('unsupported_media_type');
  if (charsetOf(type) !== 'utf-8') throw new Problem('unsupported_media_type', 'Send uploads in UTF-8.');
  const coding = request.headers['content-encoding']?.toLowerCase() ?? 'identity';
  if (coding !== 'identity' && coding !== 'gzip') {
    throw new Problem('unsupported_media_type', 'Send uploads uncompressed, or with Content-Encoding: gzip.');
  }
  refuseLength(request.raw, maxBytes);
  return new Upload(request.raw, { mediaType, maxBytes, gzip: coding === 'gzip' });
}
