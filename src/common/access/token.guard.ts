import { Injectable } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../problems/problem.js';
import type { Caller } from './caller.js';

/** The passport strategy that the auth feature registers for `Authorization: Bearer`. */
export const ACCESS_TOKEN_STRATEGY = 'access-token';

/**
 * Authentication: who calls. It refuses nobody by itself: a bad credential is kept for the AccessGuard, so that public
 * routes ignore it and the rate limit, which comes in between, counts such requests too.
 */
@Injectable()
export class TokenGuard extends AuthGuard(ACCESS_TOKEN_STRATEGY) {
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (request.headers.authorization === undefined) return true;
    await super.canActivate(context);
    return true;
  }

  override getAuthenticateOptions() {
    return { property: 'caller', session: false };
  }

  override handleRequest<T = Caller>(error: unknown, caller: T, info: unknown, context: ExecutionContext): T {
    // An error is a failure of ours (the database is away), not one of the credential.
    if (error) throw error as Error;
    if (caller) return caller;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    request.credentialProblem = problemOf(info);
    return undefined as T;
  }
}

function problemOf(info: unknown): Problem {
  const reason = info instanceof Error ? info : new Error('No credential');
  if (reason.message === 'No auth token') return new Problem('unauthenticated');
  const code = reason.name === 'TokenExpiredError' ? 'token_expired' : 'unauthenticated';
  const detail = code === 'unauthenticated' ? 'The access token is not valid.' : undefined;
  return new Problem(code, detail, {
    cause: reason,
    headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
  });
}
