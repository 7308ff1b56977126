import type { FastifyRequest } from 'fastify';
import { clientAddress } from '../context/client-address.js';
import { invalid } from '../problems/problem.js';
import { networkOf } from '../rate-limits/network.js';

const MAX_LENGTH = 255;

/** A string of RFC 9651 (3.3.3), in quotes and with `\"` and `\\`, or the same text bare. */
const QUOTED = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])+)"$/;
const BARE = /^[\x21\x23-\x7e][\x21-\x7e]*$/;

/** The key of an `Idempotency-Key` header (IETF draft). @throws Problem `validation_failed` */
export function parseIdempotencyKey(header: string): string {
  const text = header.trim();
  const key = QUOTED.exec(text)?.[1]?.replace(/\\(.)/g, '$1') ?? BARE.exec(text)?.[0];
  if (key !== undefined && key.length <= MAX_LENGTH) return key;
  throw invalid([
    {
      header: 'Idempotency-Key',
      code: 'format',
      message: `Idempotency-Key must be 1 to ${MAX_LENGTH} visible ASCII characters, bare or in quotes`,
    },
  ]);
}

/** Keys belong to a caller and a route: nobody meets somebody else's, and one key may serve several routes. */
export function keyScopeOf(request: FastifyRequest): string {
  const { caller, method, routeOptions } = request;
  return JSON.stringify([callerName(), method, routeOptions.url]);

  function callerName(): string {
    if (!caller) return `address:${networkOf(clientAddress(request))}`;
    return caller.apiKeyId === null ? `user:${caller.userId}` : `api_key:${caller.apiKeyId}`;
  }
}
