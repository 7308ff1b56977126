import { Problem } from '../problems/problem.js';
import type { Scope } from '../../../config/scopes.js';

/** The refusal that names the scope (RFC 6750, 3.1), also where it depends on the object or the change which one it is. */
export function insufficientScope(scope: Scope): Problem {
  return new Problem('insufficient_scope', `This requires the scope ${scope}.`, {
    headers: { 'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
  });
}
