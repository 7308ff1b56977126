import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth, ApiSecurity } from '@nestjs/swagger';
import { Problems } from '../problems/problems.decorator.js';
import type { Scope } from './scopes.js';

/** What a handler demands of its caller; the AccessGuard holds requests to it. */
export type AccessRule = { kind: 'public' } | { kind: 'signed-in' } | { kind: 'scope'; scope: Scope };

export const ACCESS_RULE = 'stockroom:access';

/** Anybody may call it. */
export const Public = () => declare({ kind: 'public' });

/** Any caller with a valid credential may call it. */
export const SignedIn = () =>
  applyDecorators(
    declare({ kind: 'signed-in' }),
    ApiBearerAuth(),
    Problems('unauthenticated', 'token_expired'),
  );

/** A caller whose role or key holds the scope may call it: `@Access('products:write')`. */
export const Access = (scope: Scope) =>
  applyDecorators(
    declare({ kind: 'scope', scope }),
    ApiSecurity('bearer', [scope]),
    Problems('unauthenticated', 'token_expired', 'insufficient_scope'),
  );

function declare(rule: AccessRule) {
  return SetMetadata(ACCESS_RULE, rule);
}
