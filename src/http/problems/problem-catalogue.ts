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
    meaning: 'The request cannot be read: its body is not JSON, or its encoding is broken.',
    remedy:
      'Send well-formed JSON in UTF-8, and percent-encode paths and queries correctly. Do not repeat it unchanged.',
  },
  invalid_cursor: {
    status: 400,
    title: 'Invalid cursor',
    meaning: 'The cursor was altered, or it belongs to another list, sort or filter.',
    remedy:
      'Use next_cursor as it came, with the sort and the filters that it came from, or start again without a cursor.',
  },
  unauthenticated: {
    status: 401,
    title: 'Not signed in',
    meaning: 'This needs a valid credential.',
    remedy:
      'Sign in with POST /v1/auth/login and send the access token as "Authorization: Bearer ...", or send an API key as "X-API-Key".',
  },
  token_expired: {
    status: 401,
    title: 'Token expired',
    meaning: 'The access token has expired.',
    remedy: 'Get a new one with POST /v1/auth/refresh, then repeat the request.',
  },
  invalid_credentials: {
    status: 401,
    title: 'Invalid credentials',
    meaning: 'The credentials are not valid.',
    remedy: 'Check the e-mail and the password. After a refused refresh token, sign in again.',
  },
  mfa_required: {
    status: 401,
    title: 'Second step required',
    meaning: 'The first step is done; this account also asks for a code.',
    remedy:
      'Send the mfa_token of this answer and a code of the authenticator app, or a recovery code, to POST /v1/auth/login/confirm within five minutes.',
  },
  forbidden: {
    status: 403,
    title: 'Forbidden',
    meaning: 'You may not do this.',
    remedy: 'Ask an administrator. Signing in again does not help.',
  },
  insufficient_scope: {
    status: 403,
    title: 'Insufficient scope',
    meaning: 'Your role or key lacks the scope that this needs.',
    remedy: 'The WWW-Authenticate header names the scope. Ask an administrator for a role that holds it.',
  },
  email_not_verified: {
    status: 403,
    title: 'E-mail not verified',
    meaning: 'This needs an account whose e-mail address is verified.',
    remedy: 'Follow the link in the mail; POST /v1/auth/email-verifications sends another one.',
  },
  mfa_enrolment_required: {
    status: 403,
    title: 'Two-step sign-in required',
    meaning: 'Your role must sign in with a second step, and this session began without one.',
    remedy: 'Set it up with POST /v1/auth/two-step, then sign in again.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    meaning: 'There is nothing here.',
    remedy: 'Check the path and the id. The object may have been deleted, or it may not be yours to see.',
  },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    meaning: 'The path exists, but not with this method.',
    remedy: 'The Allow header lists the methods of this path.',
  },
  not_acceptable: {
    status: 406,
    title: 'Not acceptable',
    meaning: 'This path has no answer in a media type that the Accept header names.',
    remedy: 'Accept application/json, or leave the header out.',
  },
  conflict: {
    status: 409,
    title: 'Conflict',
    meaning: 'The request conflicts with the state of the object.',
    remedy: 'Read the object again and decide anew.',
  },
  duplicate_sku: {
    status: 409,
    title: 'Duplicate SKU',
    meaning: 'Another product has this sku.',
    remedy: 'Choose another sku, or change the product that has it.',
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
    meaning: 'Another request with this Idempotency-Key is being carried out at this moment.',
    remedy: 'Wait a moment, then repeat the request unchanged to get the answer of the other one.',
  },
  insufficient_stock: {
    status: 409,
    title: 'Insufficient stock',
    meaning: 'Less is available than this takes.',
    remedy: 'Take no more than errors says is available, or wait until there is more.',
    errors: [
      {
        pointer: '/quantity',
        code: 'insufficient_stock',
        message: 'quantity takes 5, and 3 are available',
      },
    ],
  },
  invalid_transition: {
    status: 409,
    title: 'Invalid transition',
    meaning: 'The object is in a state that does not lead to the one that was asked for.',
    remedy: 'Read the object again: its status tells what is still possible.',
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
    meaning: 'The object has changed since the version that If-Match names.',
    remedy: 'Read it again, apply the change to what you find, and send the new ETag.',
  },
  payload_too_large: {
    status: 413,
    title: 'Payload too large',
    meaning: 'The body is larger than this path takes: 1 MiB, or for imports what the service is set to.',
    remedy: 'Send less at once.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported media type',
    meaning: 'The body is of a media type that this path does not take.',
    remedy:
      'Send a Content-Type that the path is documented with, mostly application/json (for PATCH also application/merge-patch+json), in UTF-8.',
  },
  validation_failed: {
    status: 422,
    title: 'Validation failed',
    meaning: 'The request is well-formed, but some of its values are not valid.',
    remedy: 'Each entry of errors names a field, parameter or header, and what is wrong with it.',
    errors: [{ pointer: '/price', code: 'min', message: 'price must be greater than 0' }],
  },
  idempotency_key_reused: {
    status: 422,
    title: 'Idempotency key reused',
    meaning: 'This Idempotency-Key was sent before, with another request.',
    remedy: 'Repeat the first request unchanged to get its answer, or send a new key with a new request.',
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    meaning: 'There were too many requests in a short time.',
    remedy:
      'Wait for the number of seconds that Retry-After names. RateLimit tells how many requests are left.',
  },
  internal_error: {
    status: 500,
    title: 'Internal error',
    meaning: 'Something went wrong on our side.',
    remedy: 'It has been logged. Report it with the trace_id if it goes on.',
  },
  unavailable: {
    status: 503,
    title: 'Unavailable',
    meaning: 'The service cannot reach its database, or it is starting or stopping.',
    remedy: 'Repeat the request after the number of seconds that Retry-After names.',
  },
  overloaded: {
    status: 503,
    title: 'Overloaded',
    meaning: 'The service has more work than it can do in time.',
    remedy: 'Repeat the request after the number of seconds that Retry-After names, and send fewer at once.',
  },
} as const satisfies Record<string, ProblemKind>;

/** Stable and machine-readable: clients branch on it. */
export type ProblemCode = keyof typeof kinds;

export const PROBLEMS: Readonly<Record<ProblemCode, ProblemKind>> = kinds;

export const PROBLEM_CODES = Object.keys(kinds) as ProblemCode[];
