import { HttpException } from '@nestjs/common';
import { QueryFailedError } from 'typeorm';
import { problemOfConstraint } from './constraint-problem.decorator.js';
import type { ProblemCode } from './problem-catalogue.js';
import { Problem } from './problem.js';

/** What fastify, before any handler, finds wrong with a request. */
const FASTIFY_PROBLEMS: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_request',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed_request',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed_request',
  FST_ERR_BAD_URL: 'malformed_request',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
};

const STATUS_PROBLEMS: Readonly<Record<number, ProblemCode>> = {
  400: 'malformed_request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  406: 'not_acceptable',
  409: 'conflict',
  412: 'precondition_failed',
  413: 'payload_too_large',
  414: 'not_found',
  415: 'unsupported_media_type',
  422: 'validation_failed',
  429: 'rate_limited',
  503: 'unavailable',
};

/** SQLSTATEs that say 'not now' rather than 'never' (PostgreSQL, appendix A). */
const SQLSTATE_PROBLEMS: Readonly<Record<string, ProblemCode>> = {
  '40001': 'overloaded', // serialization failure
  '40P01': 'overloaded', // deadlock
  '55P03': 'overloaded', // lock timeout
  '57014': 'overloaded', // statement timeout
  '25006': 'unavailable', // read-only: a failover is under way
  '55000': 'unavailable', // the database takes no connections
};

/** The same by their class: connections and who may make them (08, 28, 3D), a server that stops or starts, its resources. */
const SQLSTATE_CLASSES: readonly (readonly [RegExp, ProblemCode])[] = [
  [/^(08|28|3D|57P0)/, 'unavailable'],
  [/^53/, 'overloaded'],
];

const CONNECTION_ERRORS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);

/** pg gives these no code. */
const CONNECTION_MESSAGES =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Cannot use a pool after)/;

/** Anything that was thrown, as one of the problems of the catalogue; what nobody expected is an internal_error. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const code = codeOf(error);
  return code === 'internal_error' || !(error instanceof Error)
    ? new Problem('internal_error', undefined, { cause: error })
    : new Problem(code, undefined, { cause: error });
}

function codeOf(error: unknown): ProblemCode {
  if (error instanceof HttpException) return STATUS_PROBLEMS[error.getStatus()] ?? 'internal_error';
  // Anything can be thrown, null too.
  const { code, message, constraint } = ((error instanceof QueryFailedError ? error.driverError : error) ??
    {}) as { code?: unknown; message?: unknown; constraint?: unknown };
  // Unique violation.
  if (code === '23505') return problemOfConstraint(constraint);
  if (typeof code === 'string') {
    const known = FASTIFY_PROBLEMS[code] ?? SQLSTATE_PROBLEMS[code];
    if (known) return known;
    if (CONNECTION_ERRORS.has(code)) return 'unavailable';
    const [, byClass] = SQLSTATE_CLASSES.find(([pattern]) => pattern.test(code)) ?? [];
    if (byClass) return byClass;
  }
  return typeof message === 'string' && CONNECTION_MESSAGES.test(message) ? 'unavailable' : 'internal_error';
}
