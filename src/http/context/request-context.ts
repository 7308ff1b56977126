import { randomFillSync, randomUUID } from 'node:crypto';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../access/caller.js';

export interface RequestContext {
  readonly requestId: string;
  /** 32 hex digits: of the caller's `traceparent` (W3C Trace Context), else made here. */
  readonly traceId: string;
  /** Who sends the request, once its credential was checked. */
  caller?: Caller;
}

declare module 'fastify' {
  interface FastifyRequest {
    requestContext?: RequestContext;
  }
}

const storage = new AsyncLocalStorage<RequestContext>();

/** The context of the request that is being served, also deep inside services; undefined outside of one. */
export function currentContext(): RequestContext | undefined {
  return storage.getStore();
}

/** Runs what nobody requested, such as a job, with ids of its own. */
export function runInContext<T>(work: () => T): T {
  return storage.run({ requestId: randomUUID(), traceId: randomHex(16) }, work);
}

const SANE_REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;
/** Versions after 00 may append fields, which are ignored. */
const TRACEPARENT =
  /^(?!ff|00.{54})[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-|$)/;

/** The caller's `X-Request-Id` if it is sane, else a new one. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && SANE_REQUEST_ID.test(given) ? given : randomUUID();
}

export function traceIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const { traceparent } = request.headers;
  const match = typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent) : null;
  return match?.[1] ?? randomHex(16);
}

/** Gives every request its ids, and every answer their headers, before anything else can fail. */
export function registerRequestContext(fastify: FastifyInstance): void {
  fastify.decorateRequest('requestContext', undefined);
  fastify.addHook('onRequest', (request, reply, done) => {
    storage.run(ensureRequestContext(request, reply), done);
  });
}

/** The router refuses broken URLs before any hook runs, hence 'ensure'. */
export function ensureRequestContext(request: FastifyRequest, reply: FastifyReply): RequestContext {
  if (request.requestContext) return request.requestContext;
  const context = { requestId: request.id, traceId: traceIdOf(request) };
  request.requestContext = context;
  reply.header('x-request-id', context.requestId);
  reply.header('traceresponse', `00-${context.traceId}-${randomHex(8)}-00`);
  return context;
}

/** Random bytes are drawn in bulk, as each draw costs as much as many bytes. */
const pool = Buffer.alloc(8192);
let used = pool.length;

function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}
