import { invalid } from '../../http/problems/problem.js';

/** A cookie holds it, and browsers take those up to 4 KiB. */
const MAX_LENGTH = 2000;

/**
 * Where a browser may be sent after a sign-in: to a page of exactly these origins, as the URL parser of browsers
 * understands it, and in that spelling.
 * @throws Problem `validation_failed`
 */
export function checkReturnTo(value: string, origins: readonly string[]): string {
  const url = URL.parse(value);
  // Not by its `origin`: a blob: URL has that of its maker, and one with a user's name looks like another.
  if (!url || !origins.some((origin) => url.href.startsWith(`${origin}/`))) {
    throw refuse('origin', 'return_to must be a URL with an origin in CORS_ORIGINS');
  }
  // RFC 6749, 3.1.2.
  if (url.href.includes('#')) throw refuse('fragment', 'return_to must not have a fragment');
  if (url.searchParams.has('code') || url.searchParams.has('error')) {
    throw refuse('reserved', 'return_to must not contain a code or an error');
  }
  if (url.href.length > MAX_LENGTH)
    throw refuse('length', `return_to must have at most ${MAX_LENGTH} characters`);
  return url.href;
}

/** The page with what it has to know (RFC 6749, 4.1.2), behind a query of its own. */
export function withOutcome(returnTo: string, outcome: Readonly<Record<string, string>>): string {
  const url = new URL(returnTo);
  url.search = [url.search.slice(1), new URLSearchParams(outcome).toString()].filter(Boolean).join('&');
  return url.href;
}

function refuse(code: string, message: string): Error {
  return invalid([{ parameter: 'return_to', code, message }]);
}
