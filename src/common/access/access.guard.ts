import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../problems/problem.js';
import { ACCESS_RULE } from './access.decorators.js';
import type { AccessRule } from './access.decorators.js';

/** Authorization: whether the caller may use the handler. A handler without a rule is closed to everybody. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const rule = this.reflector.get<AccessRule | undefined>(ACCESS_RULE, context.getHandler());
    if (rule?.kind === 'public') return true;
    const { caller, credentialProblem } = context.switchToHttp().getRequest<FastifyRequest>();
    if (!caller) throw credentialProblem ?? new Problem('unauthenticated');
    if (rule?.kind === 'signed-in') return true;
    if (rule?.kind === 'scope' && caller.scopes.has(rule.scope)) return true;
    if (!rule) throw new Problem('forbidden');
    throw new Problem('insufficient_scope', `This needs the scope ${rule.scope}.`, {
      headers: { 'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${rule.scope}"` },
    });
  }
}
