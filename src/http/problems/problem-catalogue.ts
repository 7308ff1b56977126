/** One kind of failure, as clients see it. The error pages, the OpenAPI examples and the filter are made from these. */
export interface ProblemKind {
  readonly status: number;
  readonly title: string;
  /** The default `detail`, and the first paragraph of the page: what happened. */
  readonly meaning: string;
  /** What the client does about it. */
  readonly remedy: string;
  /** What `errors` may hold, for the examples. */
  readonly errors?: readonly { pointer: string; code: string; message: string }[];
}

const kinds = {
  malformed_request: {
    status: 400,
    title: 'Malformed request',
    meaning: 'The request cannot be parsed: the body is not JSON, or its encoding is invalid.',
    remedy:
      'Send well-formed JSON in UTF-8, and percent-encode paths and queries correctly. Do not retry it unchanged.',
  },
  invalid_cursor: {
    status: 400,
    title: 'Invalid cursor',
    meaning: 'The cursor was modified, or belongs to another list, sort or filter.',
    remedy: 'Send next_cursor unchanged, with the same sort and filters, or start again without a cursor.',
  },
  unauthenticated: {
    status: 401,
    title: 'Not signed in',
    meaning: 'This requires valid credentials.',
    remedy:
      'Sign in with POST /v1/auth/login and send the access token as "Authorization: Bearer ...", or send an API key as "X-API-Key".',
  },
  token_expired: {
    status: 401,
    title: 'Token expired',
    meaning: 'The access token has expired.',
    remedy: 'Get a new one with POST /v1/auth/refresh, then retry the request.',
  },
  invalid_credentials: {
    status: 401,
    title: 'Invalid credentials',
    meaning: 'The credentials are invalid.',
    remedy: 'Check the e-mail and the password. If a refresh token was refused, sign in again.',
  },
  mfa_required: {
    status: 401,
    title: 'Second step required',
    meaning: 'The first step succeeded; this account also requires a code.',
    remedy:
      'Send the mfa_token of this response and a code from the authenticator app, or a recovery code, to POST /v1/auth/login/confirm within five minutes.',
  },
  forbidden: {
    status: 403,
    title: 'Forbidden',
    meaning: 'You are not allowed to do this.',
    remedy: 'Ask an administrator. Signing in again does not help.',
  },
  insufficient_scope: {
    status: 403,
    title: 'Insufficient scope',
    meaning: 'Your role or key lacks the required scope.',
    remedy: 'The WWW-Authenticate header names the scope. Ask an administrator for a role that has it.',
  },
  email_not_verified: {
    status: 403,
    title: 'E-mail not verified',
    meaning: 'This requires a verified e-mail address.',
    remedy: 'Follow the link in the e-mail, or request another with POST /v1/auth/email-verifications.',
  },
  mfa_enrolment_required: {
    status: 403,
    title: 'Two-step sign-in required',
    meaning: 'Your role requires two-step sign-in, and this session started without it.',
    remedy: 'Set it up with POST /v1/auth/two-step, then sign in again.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    meaning: 'The resource does not exist.',
    remedy: 'Check the path and the id. The object may have been deleted, or you may not have access to it.',
  },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    meaning: 'This path does not support this method.',
    remedy: 'Use a method listed in the Allow header.',
  },
  not_acceptable: {
    status: 406,
    title: 'Not acceptable',
    meaning: 'This path has no response in a media type of the Accept header.',
    remedy: 'Accept application/json, or omit the header.',
  },
  conflict: {
    status: 409,
    title: 'Conflict',
    meaning: 'The request conflicts with the state of the object.',
    remedy: 'Fetch the object again, then decide how to proceed.',
  },
  duplicate_sku: {
    status: 409,
    title: 'Duplicate SKU',
    meaning: 'Another product has this sku.',
    remedy: 'Choose another sku, or update the product that has it.',
  },
  duplicate_email: {
    status: 409,
    title: 'Duplicate e-mail',
    meaning: 'Another user has this e-mail address.',
    remedy: 'Choose another address, or sign in with this one.',
  },
  idempotency_in_progress: {
    status: 409,
    title: 'Still in progress',
    meaning: 'Another request with this Idempotency-Key is in progress.',
    remedy: 'Wait a moment, then retry the request unchanged to get the response of the other one.',
  },
  insufficient_stock: {
    status: 409,
    title: 'Insufficient stock',
    meaning: 'Not enough stock.',
    remedy: 'Reduce the quantity to what errors lists as available, or wait for more stock.',
    errors: [
      {
        pointer: '/quantity',
        code: 'insufficient_stock',
        message: 'quantity takes 5, but only 3 are available',
      },
    ],
  },
  invalid_transition: {
    status: 409,
    title: 'Invalid transition',
    meaning: 'The object cannot move from its current state to the requested one.',
    remedy: 'Fetch the object again: its status shows what is possible.',
  },
  last_admin: {
    status: 409,
    title: 'Last administrator',
    meaning: 'This is the last active administrator.',
    remedy: 'Make another user an administrator first.',
  },
  precondition_failed: {
    status: 412,
    title: 'Precondition failed',
    meaning: 'The object has changed since the version in If-Match.',
    remedy: 'Fetch it again, apply your change, and send the new ETag.',
  },
  payload_too_large: {
    status: 413,
    title: 'Payload too large',
    meaning: 'The body exceeds the limit of this path: 1 MiB, or for imports the configured limit.',
    remedy: 'Send less data at once.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported media type',
    meaning: 'This path does not accept the media type of the body.',
    remedy:
      'Send a Content-Type documented for the path, usually application/json (for PATCH also application/merge-patch+json), in UTF-8.',
  },
  validation_failed: {
    status: 422,
    title: 'Validation failed',
    meaning: 'The request is well-formed, but some values are invalid.',
    remedy: 'Correct the values: each entry of errors names a field, parameter or header, and the problem.',
    errors: [{ pointer: '/price', code: 'min', message: 'price must be greater than 0' }],
  },
  idempotency_key_reused: {
    status: 422,
    title: 'Idempotency key reused',
    meaning: 'This Idempotency-Key was already used with another request.',
    remedy: 'Retry the first request unchanged to get its response, or send a new key with a new request.',
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    meaning: 'Too many requests in a short time.',
    remedy: 'Wait for the number of seconds in Retry-After. RateLimit shows how many requests are left.',
  },
  internal_error: {
    status: 500,
    title: 'Internal error',
    meaning: 'Something went wrong on our side.',
    remedy: 'It has been logged. If it persists, report it with the trace_id.',
  },
  unavailable: {
    status: 503,
    title: 'Unavailable',
    meaning: 'The service cannot reach its database, or it is starting or stopping.',
    remedy: 'Retry the request after the number of seconds in Retry-After.',
  },
  overloaded: {
    status: 503,
    title: 'Overloaded',
    meaning: 'The service has too much work to respond in time.',
    remedy: 'Retry the request after the number of seconds in Retry-After, and send fewer at once.',
  },
} as const satisfies Record<string, ProblemKind>;

/** Stable and machine-readable: clients branch on it. */
export type ProblemCode = keyof typeof kinds;

export const PROBLEMS: Readonly<Record<ProblemCode, ProblemKind>> = kinds;

export const PROBLEM_CODES = Object.keys(kinds) as ProblemCode[];
