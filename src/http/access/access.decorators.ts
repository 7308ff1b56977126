import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';
import { Problems } from '../problems/problems.decorator.js';
import type { Scope } from '../../../config/scopes.js';

/** What a handler demands of its caller; the AccessGuard holds requests to it. */
export type AccessRule = { kind: 'public' } | { kind: 'signed-in' } | { kind: 'scope'; scope: Scope };

export const ACCESS_RULE = 'stockroom:access';

/** Anybody may call it. */
export const Public = () => declare({ kind: 'public' });

/** Any caller with a valid credential may call it. */
export const SignedIn = () =>
  applyDecorators(
    declare({ kind: 'signed-in' }),
    ApiSecurity('bearer'),
    ApiSecurity('api_key'),
    Problems('unauthenticated', 'token_expired'),
  );

/** A caller whose role or key holds the scope may call it: `@Access('products:write')`. */
export const Access = (scope: Scope) =>
  applyDecorators(
    declare({ kind: 'scope', scope }),
    ApiSecurity('bearer', [scope]),
    ApiSecurity('api_key', [scope]),
    Problems(
      'unauthenticated',
      'token_expired',
      'insufficient_scope',
      'email_not_verified',
      'mfa_enrolment_required',
    ),
  );

function declare(rule: AccessRule) {
  return SetMetadata(ACCESS_RULE, rule);
}
