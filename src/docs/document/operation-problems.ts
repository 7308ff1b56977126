import { PROBLEM_CODES } from '../../http/problems/problem-catalogue.js';
import type { ProblemCode } from '../../http/problems/problem-catalogue.js';
import { takeProblems } from '../../http/problems/problems.decorator.js';
import { isReference } from './types.js';
import type { Operation, Parameter } from './types.js';

/** Any request can be unreadable, have a query parameter that nobody knows, be one too many, or come at a bad time. */
const OF_ANY: readonly ProblemCode[] = [
  'malformed_request',
  'validation_failed',
  'rate_limited',
  'internal_error',
  'unavailable',
  'overloaded',
];

const OF_A_BODY: readonly ProblemCode[] = ['payload_too_large', 'unsupported_media_type'];

const OF_A_KEY: readonly ProblemCode[] = ['idempotency_in_progress', 'idempotency_key_reused'];

/**
 * Every problem that an operation can answer: those that its decorators name, and those that follow from its shape. This
 * is the only place that knows the latter.
 */
export function problemsOf(operation: Operation): ProblemCode[] {
  const parameters = (operation.parameters ?? []).flatMap((parameter) =>
    isReference(parameter) ? [] : [parameter],
  );
  const has = (place: Parameter['in'], name?: string) =>
    parameters.some((parameter) => parameter.in === place && (name ?? parameter.name) === parameter.name);
  const codes = new Set<ProblemCode>([
    ...takeProblems(operation),
    ...OF_ANY,
    ...(operation.requestBody ? OF_A_BODY : []),
    ...(has('path') ? (['not_found'] as const) : []),
    ...(has('header', 'If-Match') ? (['precondition_failed'] as const) : []),
    ...(has('header', 'Idempotency-Key') ? OF_A_KEY : []),
  ]);
  return PROBLEM_CODES.filter((code) => codes.has(code));
}
