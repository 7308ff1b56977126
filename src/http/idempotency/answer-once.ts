import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Upload } from '../uploads/upload.js';
import { keyScopeOf, parseIdempotencyKey } from './idempotency-key.js';
import type { Once } from './once.js';

/** What a repetition gets again besides the body; all other headers are about the request that they answer. */
const KEPT_HEADERS = ['location', 'etag', 'cache-control'] as const;

/**
 * Answers a request with an Idempotency-Key: what the work returns, or, byte for byte, what it returned the first time.
 * Refusals are not kept, as they had no effect.
 */
export async function answerOnce(
  once: Once,
  header: string,
  request: FastifyRequest,
  reply: FastifyReply,
  work: () => Promise<unknown>,
): Promise<string> {
  const keyed = {
    scope: keyScopeOf(request),
    key: parseIdempotencyKey(header),
    fingerprint: () => fingerprintOf(request),
  };
  const { body, headers, replayed } = await once.answer(keyed, async () => {
    const value = await work();
    return { headers: keptHeaders(reply), body: JSON.stringify(value) };
  });
  reply.headers(headers).header('content-type', 'application/json; charset=utf-8');
  if (replayed) reply.header('idempotency-replayed', 'true');
  return body;
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
