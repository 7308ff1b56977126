/** Why an attempt failed. */
export const ATTEMPT_ERRORS = [
  'status',
  'redirect',
  'timeout',
  'connection_refused',
  'connection_broken',
  'tls',
  'host_not_found',
  'address_not_allowed',
  'secret_unreadable',
] as const;

export type AttemptError = (typeof ATTEMPT_ERRORS)[number];

/** One try to deliver, as it is kept and shown. */
export interface Attempt {
  readonly at: string;
  /** Null if there was no answer. */
  readonly status_code: number | null;
  readonly duration_ms: number;
  /** Null if it succeeded. */
  readonly error: AttemptError | null;
  /** What the answer began with; null if it had no body. */
  readonly response_excerpt: string | null;
}

/** There was no answer. */
export class AttemptFailure extends Error {
  constructor(readonly reason: AttemptError) {
    super(reason);
  }
}

export function failedAttempt(at: Date, startedAt: number, error: unknown): Attempt {
  return {
    at: at.toISOString(),
    status_code: null,
    duration_ms: Math.round(performance.now() - startedAt),
    error: reasonOf(error),
    response_excerpt: null,
  };
}

/** What kept an answer from coming, by what Node says of it. */
function reasonOf(error: unknown): AttemptError {
  if (error instanceof AttemptFailure) return error.reason;
  const { code = '' } = error as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return 'connection_refused';
  return /^(ERR_TLS|ERR_SSL|EPROTO)|CERT|UNABLE_TO|SELF_SIGNED/.test(code) ? 'tls' : 'connection_broken';
}

/** Redirects are not followed: an address that passed the checks could lead to one that would not. */
export function errorOfStatus(status: number): AttemptError | null {
  if (status >= 200 && status < 300) return null;
  return status >= 300 && status < 400 ? 'redirect' : 'status';
}
