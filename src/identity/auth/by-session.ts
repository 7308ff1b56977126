import { parseRefreshToken } from '../sessions/refresh-token.js';

/**
 * The session of the refresh token in the body, for limits. With its family secret: an id alone, which access tokens show,
 * would let others use up the session's budget.
 */
export function bySession({ body }: { body?: unknown }): string | undefined {
  const text = (body as { refresh_token?: unknown } | null | undefined)?.refresh_token;
  const token = typeof text === 'string' ? parseRefreshToken(text) : null;
  return token ? `${token.sessionId} ${token.family.toString('hex')}` : undefined;
}
