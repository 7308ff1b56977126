import { PROBLEMS } from './problem-catalogue.js';
import type { ProblemCode } from './problem-catalogue.js';

/** Where a value is wrong: a JSON pointer (RFC 6901) into the body, a query parameter, or a header. */
export type ErrorSource = { pointer: string } | { parameter: string } | { header: string };

export type FieldError = ErrorSource & { code: string; message: string };

export interface ProblemOptions {
  errors?: readonly FieldError[];
  headers?: Readonly<Record<string, string>>;
  /** What a client needs to go on (extension members, RFC 9457, 3.2). */
  members?: Readonly<Record<string, unknown>>;
  cause?: unknown;
}

/** The one error that the service throws on purpose: `throw new Problem('not_found')`. */
export class Problem extends Error {
  readonly errors: readonly FieldError[] | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly members: Readonly<Record<string, unknown>> | undefined;

  constructor(
    readonly code: ProblemCode,
    detail: string = PROBLEMS[code].meaning,
    options: ProblemOptions = {},
  ) {
    super(detail, { cause: options.cause });
    this.errors = options.errors;
    this.members = options.members;
    this.headers = { ...DEFAULT_HEADERS[PROBLEMS[code].status], ...options.headers };
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }
}

/** An answer names no more wrong values than somebody would read. */
const MAX_ERRORS = 20;

/** A `422 validation_failed` for these values. */
export function invalid(errors: readonly FieldError[]): Problem {
  const count = errors.length === 1 ? '1 value is invalid' : `${errors.length} values are invalid`;
  const detail = errors.length > MAX_ERRORS ? `${count}; these are the first ${MAX_ERRORS}.` : `${count}.`;
  return new Problem('validation_failed', detail, { errors: errors.slice(0, MAX_ERRORS) });
}

const DEFAULT_HEADERS: Readonly<Record<number, Record<string, string>>> = {
  401: { 'WWW-Authenticate': 'Bearer' },
  503: { 'Retry-After': '5' },
};

/** The body of RFC 9457. */
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: ProblemCode;
  errors?: readonly FieldError[];
  trace_id: string;
}

export function problemBody(
  problem: Problem,
  request: { path: string; traceId: string; publicUrl: string },
): ProblemBody {
  return {
    type: `${request.publicUrl}/docs/errors#${problem.code}`,
    title: PROBLEMS[problem.code].title,
    status: problem.status,
    detail: problem.message,
    instance: request.path,
    code: problem.code,
    ...(problem.errors && { errors: problem.errors }),
    ...problem.members,
    trace_id: request.traceId,
  };
}
