import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { Config } from '../../../config/index.js';
import { Problem } from '../problems/problem.js';
import { ACCESS_RULE } from './access.decorators.js';
import type { AccessRule } from './access.decorators.js';
import type { Caller } from './caller.js';
import { insufficientScope } from './insufficient-scope.js';
import type { Scope } from '../../../config/scopes.js';

/** Authorization: whether the caller may use the handler. A handler without a rule is closed to everybody. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly config: Config,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const rule = this.reflector.get<AccessRule | undefined>(ACCESS_RULE, context.getHandler());
    if (rule?.kind === 'public') return true;
    const { caller, credentialProblem } = context.switchToHttp().getRequest<FastifyRequest>();
    if (!caller) throw credentialProblem ?? new Problem('unauthenticated');
    if (rule?.kind === 'signed-in') return true;
    if (!rule) throw new Problem('forbidden');
    this.assertScope(caller, rule.scope);
    return true;
  }

  private assertScope(caller: Caller, scope: Scope): void {
    if (caller.lacksSecondFactor) throw new Problem('mfa_enrolment_required');
    if (!caller.scopes.has(scope)) throw insufficientScope(scope);
    const needsVerifiedEmail = this.config.access.verifiedEmailScopes.includes(scope);
    if (needsVerifiedEmail && !caller.emailVerified) throw new Problem('email_not_verified');
  }
}
