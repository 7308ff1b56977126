import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Problem } from '../problems/problem.js';
import type { Role, Scope } from '../../../config/scopes.js';

/** Who sends a request, as its credential proves it. */
export interface Caller {
  readonly userId: string;
  readonly role: Role;
  /** What the credential may do: of a session all that its role may, of an API key a part of it. */
  readonly scopes: ReadonlySet<Scope>;
  /** The session that an access token belongs to; null for an API key. */
  readonly sessionId: string | null;
  /** Null for an access token. */
  readonly apiKeyId: string | null;
  readonly emailVerified: boolean;
  /** The role demands a second factor (a setting), and the session began without one. */
  readonly lacksSecondFactor: boolean;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the AuthenticationGuard when a valid credential came along. */
    caller?: Caller;
    /** Why the credential that came along is not valid; thrown by the AccessGuard where one is needed. */
    credentialProblem?: Problem;
  }
}

/** The signed-in caller, for handlers behind `@Access` or `@SignedIn`. */
export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const { caller } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!caller) throw new Error('@CurrentCaller() is used on a public route');
  return caller;
});
