import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../../config/index.js';
import { Problem } from '../problems/problem.js';
import { Access, Public, SignedIn } from './access.decorators.js';
import { AccessGuard } from './access.guard.js';
import type { Caller } from './caller.js';
import { isRole, ROLE_NAMES, ROLES, scopesOf, SCOPES } from '../../../config/scopes.js';
import type { Role } from '../../../config/scopes.js';

class Handlers {
  @Public()
  open() {
    return 'open';
  }

  @SignedIn()
  own() {
    return 'own';
  }

  @Access('products:write')
  write() {
    return 'write';
  }

  undeclared() {
    return 'undeclared';
  }
}

const settings = { secondFactorRoles: [], verifiedEmailScopes: ['products:write'] };
const guard = new AccessGuard(new Reflector(), { access: settings } as unknown as Config);
const callerIn = (role: Role): Caller => ({
  userId: 'u',
  role,
  scopes: scopesOf(role),
  sessionId: 's',
  apiKeyId: null,
  emailVerified: true,
  lacksSecondFactor: false,
});

/** True, or the problem that the guard throws. */
function decision(handler: keyof Handlers, request: { caller?: Caller; credentialProblem?: Problem }) {
  const context = {
    getHandler: () => Object.getOwnPropertyDescriptor(Handlers.prototype, handler)?.value as () => unknown,
    switchToHttp: () => ({ getRequest: () => request }),
  } as unknown as ExecutionContext;
  try {
    return guard.canActivate(context);
  } catch (error) {
    return error as Problem;
  }
}

describe('AccessGuard', () => {
  it('lets anybody call what is public, also with a broken credential', () => {
    expect(decision('open', {})).toBe(true);
    expect(decision('open', { credentialProblem: new Problem('token_expired') })).toBe(true);
  });

  it.each(['own', 'write', 'undeclared'] as const)('lets nobody without a credential call %s', (handler) => {
    expect(decision(handler, {})).toMatchObject({ code: 'unauthenticated' });
  });

  it('asks for a verified e-mail where the settings do, after the scope', () => {
    const unverified = { ...callerIn('manager'), emailVerified: false };
    expect(decision('write', { caller: unverified })).toMatchObject({ code: 'email_not_verified' });
    expect(decision('own', { caller: unverified })).toBe(true);
    const customer = { ...callerIn('customer'), emailVerified: false };
    expect(decision('write', { caller: customer })).toMatchObject({ code: 'insufficient_scope' });
  });

  it('lets a session that lacks its second factor do only what any signed-in caller may', () => {
    const caller = { ...callerIn('admin'), scopes: new Set<never>(), lacksSecondFactor: true };
    expect(decision('write', { caller })).toMatchObject({ code: 'mfa_enrolment_required' });
    expect(decision('own', { caller })).toBe(true);
  });

  it('says what is wrong with the credential where one is needed', () => {
    const expired = new Problem('token_expired');
    expect(decision('own', { credentialProblem: expired })).toBe(expired);
    expect(decision('write', { credentialProblem: expired })).toBe(expired);
  });

  it('lets every signed-in caller call what is for signed-in callers', () => {
    for (const role of ROLE_NAMES) expect(decision('own', { caller: callerIn(role) })).toBe(true);
  });

  it('lets those call that hold the scope, and names it to the others', () => {
    expect(decision('write', { caller: callerIn('manager') })).toBe(true);
    expect(decision('write', { caller: callerIn('admin') })).toBe(true);
    expect(decision('write', { caller: callerIn('customer') })).toMatchObject({
      code: 'insufficient_scope',
      headers: { 'WWW-Authenticate': 'Bearer error="insufficient_scope", scope="products:write"' },
    });
  });

  it('is closed to everybody, an admin too, where nothing is declared', () => {
    expect(decision('undeclared', { caller: callerIn('admin') })).toMatchObject({ code: 'forbidden' });
  });
});

describe('roles', () => {
  it('hold what the contract says', () => {
    expect(ROLES.customer).toEqual(['products:read', 'orders:read', 'orders:write']);
    expect([...ROLES.manager].sort()).toEqual(
      [
        'audit:read',
        'imports:write',
        'orders:admin',
        'orders:read',
        'orders:write',
        'products:read',
        'products:write',
      ].sort(),
    );
    expect(ROLES.admin).toEqual(SCOPES);
  });

  it.each(['constructor', '__proto__', 'toString', '', 'root', null, 1])('do not know %j', (name) => {
    expect(isRole(name)).toBe(false);
    expect(scopesOf(name as Role).size).toBe(0);
  });
});
