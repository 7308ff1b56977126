/** The first page of the document: what all operations have in common. */
export function guide(publicUrl: string): string {
  return `
Products, orders, users and sign-in of a stockroom, over HTTP and JSON.
Also as [Swagger UI](${publicUrl}/docs), [Redoc](${publicUrl}/redoc), [JSON](${publicUrl}/openapi.json) and
[YAML](${publicUrl}/openapi.yaml).

## Signing in

\`POST /v1/auth/login\` answers an access token, good for 15 minutes, which is sent as \`Authorization: Bearer ...\`, and a
refresh token for \`POST /v1/auth/refresh\`. **In Swagger UI you need not copy anything**: try out \`POST /v1/auth/login\`,
and all further calls carry its token, until \`POST /v1/auth/logout\`. Each operation names the scope that it needs, if it
needs one; your role decides which ones you have. An account with two-step sign-in is asked for a code: \`401 mfa_required\`
holds a token for \`POST /v1/auth/login/confirm\`. Programs send an API key of \`POST /v1/api-keys\` as \`X-API-Key\`.

## Errors

Every error is \`application/problem+json\` (RFC 9457). Its \`code\` is stable: branch on that. Its \`type\` opens the
[catalogue of errors](${publicUrl}/docs/errors), which says what to do about each. An unknown path is a \`404 not_found\`;
a known one with another method a \`405 method_not_allowed\`, with the methods in \`Allow\`. Unknown fields and query
parameters are refused, so that a misspelt one does not go unnoticed. Report problems with their \`trace_id\`.

## Lists

Lists come in pages of \`limit\` items. Send \`next_cursor\` as \`cursor\`, with the same sort and filters, until \`has_more\` is
false; or follow the \`Link\` header. No item is skipped or repeated because others come and go. Some lists can be exported:
\`Accept: text/csv\` or \`application/x-ndjson\` streams all of it, as it is at that moment, without \`limit\` and \`cursor\`. An
export that breaks off ends with an error of the connection: never take what came until then for the whole.

## Changing what others change too

A resource comes with an \`ETag\`. Send it as \`If-Match\` with PUT, PATCH or DELETE: if somebody was faster you get
\`412 precondition_failed\`, and nothing is changed. Send it as \`If-None-Match\` with GET to get \`304\` while nothing is new.

## Trying again

\`429\` and \`503\` name in \`Retry-After\` the seconds to wait. GET, PUT and DELETE can be repeated safely, and PATCH with
\`If-Match\`. A POST that creates something can be, too, with an \`Idempotency-Key\`: the same key and body within 24 hours get the
first answer again, with \`Idempotency-Replayed: true\`. \`RateLimit\` tells how many requests are left. \`X-Request-Id\` is taken from you and returned, and the trace
of \`traceparent\` (W3C) becomes the \`trace_id\`: name either to find a request again.
`.trim();
}
