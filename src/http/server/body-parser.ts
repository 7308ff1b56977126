import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../problems/problem.js';
import { charsetOf } from '../uploads/charset.js';

/** Refuses bytes that are not UTF-8 (RFC 8259, 8.1); the usual decoding would replace them silently. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** JSON bodies, and nothing else (but what `registerUploads` adds): `application/json`, and for PATCH also `application/merge-patch+json` (RFC 7396). */
export function registerBodyParser(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(
    ['application/json', 'application/merge-patch+json'],
    { parseAs: 'buffer' },
    (request, body, done) => {
      try {
        done(null, parse(request, body as Buffer));
      } catch (error) {
        done(error as Error);
      }
    },
  );
}

function parse(request: FastifyRequest, body: Buffer): unknown {
  // Whatever is sent there, the answer is that there is no such route.
  if (request.is404) return undefined;
  const coding = request.headers['content-encoding'] ?? 'identity';
  if (coding.toLowerCase() !== 'identity')
    throw new Problem('unsupported_media_type', 'Send the body without a Content-Encoding.');
  const type = request.headers['content-type'] ?? '';
  if (charsetOf(type) !== 'utf-8') throw new Problem('unsupported_media_type', 'Send JSON in UTF-8.');
  if (request.method !== 'PATCH' && type.toLowerCase().startsWith('application/merge-patch')) {
    throw new Problem('unsupported_media_type', 'Send a merge patch with PATCH.');
  }
  // Clients send the header with a DELETE that has no body; whoever needs a body says so.
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(utf8.decode(body));
  } catch {
    // Without its cause, whose message may quote the body, and so a part of a password, into the log.
    throw new Problem('malformed_request', 'The body is not JSON in UTF-8.');
  }
}
