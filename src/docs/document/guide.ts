/** The first page of the document: what all operations have in common. */
export function guide(publicUrl: string): string {
  return `
Products, orders, users and sign-in of a stockroom, over HTTP and JSON.
Also available as [Swagger UI](${publicUrl}/docs), [Redoc](${publicUrl}/redoc), [JSON](${publicUrl}/openapi.json) and
[YAML](${publicUrl}/openapi.yaml).

## Signing in

\`POST /v1/auth/login\` returns an access token, valid for 15 minutes, to send as \`Authorization: Bearer ...\`, and a
refresh token for \`POST /v1/auth/refresh\`. **In Swagger UI you do not need to copy anything**: try out \`POST /v1/auth/login\`,
and all further calls send its token, until \`POST /v1/auth/logout\`. Each operation lists the scope that it requires, if any;
your role determines which scopes you have. An account with two-step sign-in also needs a code: \`401 mfa_required\`
contains a token for \`POST /v1/auth/login/confirm\`. Programs send an API key from \`POST /v1/api-keys\` as \`X-API-Key\`.

## Errors

Every error is \`application/problem+json\` (RFC 9457). Its \`code\` is stable: branch on it. Its \`type\` links to the
[error catalogue](${publicUrl}/docs/errors), which explains how to fix each one. An unknown path returns \`404 not_found\`;
a known one with another method returns \`405 method_not_allowed\`, with the methods in \`Allow\`. Unknown fields and query
parameters are refused, so that you notice typos. Report problems with their \`trace_id\`.

## Lists

Lists return pages of \`limit\` items. Send \`next_cursor\` as \`cursor\`, with the same sort and filters, until \`has_more\` is
false; or follow the \`Link\` header. No item is skipped or repeated when others are added or removed. Some lists can be
exported: \`Accept: text/csv\` or \`application/x-ndjson\` streams the whole list as of that moment, without \`limit\` and
\`cursor\`. An export that fails midway ends with a connection error: discard what you received.

## Concurrent changes

A resource has an \`ETag\`. Send it as \`If-Match\` with PUT, PATCH or DELETE: if someone else was faster, this returns
\`412 precondition_failed\` and changes nothing. Send it as \`If-None-Match\` with GET to get \`304\` while nothing has changed.

## Retries

\`429\` and \`503\` return the seconds to wait in \`Retry-After\`. You can safely retry GET, PUT and DELETE, and PATCH with
\`If-Match\`. You can also retry a POST that creates something if you send an \`Idempotency-Key\`: the same key and body within
24 hours return the first response again, with \`Idempotency-Replayed: true\`. \`RateLimit\` shows how many requests are left.
Your \`X-Request-Id\` is returned, and the trace of \`traceparent\` (W3C) becomes the \`trace_id\`: use either to find a request
again.
`.trim();
}
