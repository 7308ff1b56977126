import { Inject, Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Strategy } from 'passport-jwt';
import { Problem } from '../problems/problem.js';
import { toProblem } from '../problems/to-problem.js';
import type { Caller } from './caller.js';

/** The passport strategy that the auth feature provides for `Authorization: Bearer`. */
export const TOKEN_STRATEGY = Symbol('TOKEN_STRATEGY');

/** What the api-keys feature provides for `X-API-Key`. */
export interface ApiKeyAuthenticator {
  /** @throws Problem `unauthenticated` */
  authenticate(key: string): Promise<Caller>;
}
export const API_KEY_AUTHENTICATOR = Symbol('API_KEY_AUTHENTICATOR');

type AuthenticationResult = Pick<FastifyRequest, 'caller' | 'credentialProblem'>;

/**
 * Authentication: who calls. It refuses nobody by itself: a bad credential is kept for the AccessGuard, so that public
 * routes ignore it and the rate limit, which comes in between, counts such requests too.
 */
@Injectable()
export class AuthenticationGuard implements CanActivate {
  constructor(
    @Inject(TOKEN_STRATEGY) private readonly strategy: Strategy,
    @Inject(API_KEY_AUTHENTICATOR) private readonly apiKeys: ApiKeyAuthenticator,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { authorization, 'x-api-key': apiKey } = request.headers;
    if (authorization !== undefined) await this.authenticate(request);
    else if (typeof apiKey === 'string') await this.authenticateKey(request, apiKey);
    if (request.requestContext && request.caller) request.requestContext.caller = request.caller;
    return true;
  }

  private async authenticateKey(request: FastifyRequest, apiKey: string): Promise<void> {
    try {
      keep(request, { caller: await this.apiKeys.authenticate(apiKey) });
    } catch (error) {
      keep(request, { credentialProblem: toProblem(error) });
    }
  }

  /** As passport does it, but without its registry, which is one for all applications of a process. */
  private authenticate(request: FastifyRequest): Promise<void> {
    return new Promise((resolve) => {
      const settle = (outcome: AuthenticationResult) => {
        keep(request, outcome);
        resolve();
      };
      const strategy = Object.assign(Object.create(this.strategy) as Strategy, {
        success: (caller: Caller) => settle({ caller }),
        fail: (reason: unknown) => settle({ credentialProblem: problemOf(reason) }),
        // A failure of ours (the database is away), which public routes need not suffer from either.
        error: (error: unknown) => settle({ credentialProblem: toProblem(error) }),
      });
      strategy.authenticate(request as never);
    });
  }
}

/** In place of what an earlier check found. */
function keep(request: FastifyRequest, { caller, credentialProblem }: AuthenticationResult): void {
  Object.assign(request, { caller, credentialProblem });
}

function problemOf(failure: unknown): Problem {
  const reason = failure instanceof Error ? failure : new Error('The claims are not those of a caller');
  if (reason.message === 'No auth token') return new Problem('unauthenticated');
  const code = reason.name === 'TokenExpiredError' ? 'token_expired' : 'unauthenticated';
  const detail = code === 'unauthenticated' ? 'The access token is not valid.' : undefined;
  return new Problem(code, detail, {
    cause: reason,
    headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
  });
}
