import { AuthorizationResponseError, ClientError, ResponseBodyError } from 'openid-client';
import { Problem } from '../../http/problems/problem.js';

/** What the browser brought, or what was signed, is not what this sign-in asked for. */
const UNPROVEN = new Set([
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
  'OAUTH_KEY_SELECTION_FAILED',
  'OAUTH_PARSE_ERROR',
  'OAUTH_UNSUPPORTED_OPERATION',
]);

/** A person, or a rule of the provider, did not want it (RFC 6749, 4.1.2.1; OpenID Connect Core, 3.1.2.6). */
const DECLINED = new Set([
  'access_denied',
  'login_required',
  'interaction_required',
  'account_selection_required',
  'consent_required',
]);

/** What the client is told of a failure at the provider. Whatever is not about this one sign-in, is about the provider. */
export function providerProblem(error: unknown): Problem {
  if (error instanceof AuthorizationResponseError && DECLINED.has(error.error)) {
    const cause = withoutSecrets(error);
    return new Problem('invalid_credentials', 'The identity provider did not sign you in.', { cause });
  }
  const isRefused = error instanceof ResponseBodyError && error.error === 'invalid_grant';
  const isUnproven = error instanceof ClientError && UNPROVEN.has(error.code ?? '');
  return isRefused || isUnproven ? unproven(error) : unavailable(error);
}

export function unproven(error: unknown): Problem {
  const detail = 'The sign-in could not be verified. Start again.';
  return new Problem('invalid_credentials', detail, { cause: withoutSecrets(error) });
}

export function unavailable(error: unknown): Problem {
  const detail = 'The identity provider cannot be reached, or does not work correctly.';
  return new Problem('unavailable', detail, { cause: withoutSecrets(error) });
}

/** For the log. The library's errors carry whole answers, in which there are codes and tokens; only their words are kept. */
function withoutSecrets(error: unknown): Error {
  return new Error(describe(error));
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'an unknown error';
  const { code, error: oauthError } = error as { code?: unknown; error?: unknown };
  const words = [
    error.name,
    typeof code === 'string' && `(${code})`,
    typeof oauthError === 'string' && `"${oauthError.slice(0, 100)}"`,
    // Of a text that is no JSON, this would quote a part.
    !(error instanceof SyntaxError) && error.message,
  ].filter(Boolean);
  const cause = error.cause instanceof Error ? ` <- ${describe(error.cause)}` : '';
  return words.join(' ') + cause;
}
