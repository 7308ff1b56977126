import type { Header, Parameter, Response } from './types.js';

const text = (description: string, example: string): Header => ({
  description,
  schema: { type: 'string' },
  example,
});

/** The headers of answers, each described once. */
export const RESPONSE_HEADERS: Readonly<Record<string, Header>> = {
  'X-Request-Id': text(
    'The id of the request: the one that was sent if it is valid, otherwise a new one.',
    '5b0c6f0e-2f1d-4a7c-9d3e-6a1b2c3d4e5f',
  ),
  'RateLimit-Policy': text(
    'The limits that apply here, as q requests in w seconds (IETF draft).',
    '"default";q=600;w=60',
  ),
  RateLimit: text('Requests left: r, for t seconds (IETF draft).', '"default";r=599;t=60'),
  ETag: text('The version of the resource, for If-None-Match and If-Match.', '"v3"'),
  Location: text('The path of the new resource.', '/v1/products/0198c0de-7a11-7b3c-9d4e-5f60718293a4'),
  'Idempotency-Replayed': {
    description:
      'Sent as true if an Idempotency-Key was repeated: this is the response to the first request.',
    schema: { type: 'string', enum: ['true'] },
    example: 'true',
  },
  Link: text(
    'The next page, as rel="next" (RFC 8288); absent on the last one.',
    '</v1/products?limit=20&cursor=p6xN0m>; rel="next"',
  ),
  'Content-Disposition': text(
    'For an export: the file name to save it as (RFC 6266).',
    'attachment; filename="products-2026-03-01.csv"',
  ),
  'Retry-After': {
    description: 'The number of seconds to wait before a retry.',
    schema: { type: 'integer', minimum: 0 },
    example: 5,
  },
  'WWW-Authenticate': text(
    'Why the credential was refused, or which scope it lacks (RFC 6750).',
    'Bearer error="invalid_token"',
  ),
};

/** The headers of requests; whoever reads one names it with `@ApiHeader`. */
export const REQUEST_HEADERS: Readonly<Record<string, Parameter>> = {
  'If-Match': {
    name: 'If-Match',
    in: 'header',
    required: false,
    description:
      'The ETag of the version that you have seen, such as `"v3"`: if it is no longer current, nothing changes.' +
      ' `*`, or no header, matches any version.',
    schema: { type: 'string' },
  },
  'Idempotency-Key': {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description:
      'Any text, new for each new request, such as a UUID: retrying the request with the same key within 24 hours returns' +
      ' the first response again, and has no further effect (IETF draft).',
    schema: { type: 'string', minLength: 1, maxLength: 257 },
  },
  'Last-Event-ID': {
    name: 'Last-Event-ID',
    in: 'header',
    required: false,
    description: 'The `id` of the last event that you received: the stream continues right after it.',
    schema: { type: 'string', pattern: '^[0-9]{1,19}$' },
    example: '4711',
  },
  'If-None-Match': {
    name: 'If-None-Match',
    in: 'header',
    required: false,
    description:
      'The ETag of the version that you have, such as `"v3"`: if it is still current, the response is 304.',
    schema: { type: 'string' },
  },
};

type Headers = NonNullable<Response['headers']>;

export function headerReferences(...names: string[]): Headers {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** What every answer carries that comes from behind the rate limit. */
export function commonHeaders(): Headers {
  return headerReferences('X-Request-Id', 'RateLimit-Policy', 'RateLimit');
}
