import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROLES } from '../../config/scopes.js';
import { AppModule } from '../../src/app.module.js';
import { Returns } from '../../src/http/responses/returns.decorators.js';
import { UserResponse } from '../../src/identity/users/user.dto.js';
import type { ApiClient } from '../support/api-client.js';
import { collectRoutes } from '../support/routes.js';
import type { Route } from '../support/routes.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { nowSeconds, resign } from '../support/tokens.js';

const COLUMNS = ['nobody', 'customer', 'manager', 'admin', 'forged', 'expired'] as const;

/**
 * Who gets which status from which route, for a request that is allowed but can do nothing: the ids are nobody's, the
 * bodies are not valid, the If-Match is stale. Hence 200, 404, 412 and 422 prove that access was granted.
 */
const MATRIX: Record<string, readonly number[]> = {
  //                                     nobody customer manager admin forged expired
  'GET /': [200, 200, 200, 200, 200, 200],
  'GET /docs': [200, 200, 200, 200, 200, 200],
  'GET /docs/assets/:name': [404, 404, 404, 404, 404, 404],
  'GET /docs/errors': [200, 200, 200, 200, 200, 200],
  'GET /redoc': [200, 200, 200, 200, 200, 200],
  'GET /openapi.json': [200, 200, 200, 200, 200, 200],
  'GET /openapi.yaml': [200, 200, 200, 200, 200, 200],
  'GET /health/live': [200, 200, 200, 200, 200, 200],
  'GET /health/ready': [200, 200, 200, 200, 200, 200],
  'GET /metrics': [200, 200, 200, 200, 200, 200],
  'GET /.well-known/jwks.json': [200, 200, 200, 200, 200, 200],
  'GET /account/verify-email': [200, 200, 200, 200, 200, 200],
  'GET /account/reset-password': [200, 200, 200, 200, 200, 200],
  'GET /account/account.js': [200, 200, 200, 200, 200, 200],
  'GET /account/account.css': [200, 200, 200, 200, 200, 200],

  'POST /v1/auth/register': [422, 422, 422, 422, 422, 422],
  'POST /v1/auth/login': [422, 422, 422, 422, 422, 422],
  'POST /v1/auth/login/confirm': [422, 422, 422, 422, 422, 422],
  'POST /v1/auth/refresh': [422, 422, 422, 422, 422, 422],
  'POST /v1/auth/logout': [422, 422, 422, 422, 422, 422],

  'GET /v1/auth/two-step': [401, 200, 200, 200, 401, 401],
  'POST /v1/auth/two-step': [401, 422, 422, 422, 401, 401],
  'POST /v1/auth/two-step/confirm': [401, 422, 422, 422, 401, 401],
  'POST /v1/auth/two-step/recovery-codes': [401, 422, 422, 422, 401, 401],
  'POST /v1/auth/two-step/disable': [401, 422, 422, 422, 401, 401],

  'POST /v1/auth/email-verifications': [401, 202, 202, 202, 401, 401],
  'POST /v1/auth/email-verifications/confirm': [422, 422, 422, 422, 422, 422],
  'POST /v1/auth/password-resets': [422, 422, 422, 422, 422, 422],
  'POST /v1/auth/password-resets/confirm': [422, 422, 422, 422, 422, 422],
  'POST /v1/users/:id/password-resets': [401, 403, 403, 404, 401, 401],

  // Without an identity provider.
  'GET /v1/auth/oidc/login': [404, 404, 404, 404, 404, 404],
  'GET /v1/auth/oidc/callback': [404, 404, 404, 404, 404, 404],
  'POST /v1/auth/oidc/tokens': [404, 404, 404, 404, 404, 404],

  'GET /v1/auth/sessions': [401, 200, 200, 200, 401, 401],
  'DELETE /v1/auth/sessions/:id': [401, 404, 404, 404, 401, 401],

  'GET /v1/users/me': [401, 200, 200, 200, 401, 401],
  'PATCH /v1/users/me': [401, 422, 422, 422, 401, 401],
  'DELETE /v1/users/me': [401, 412, 412, 412, 401, 401],
  'PUT /v1/users/me/password': [401, 422, 422, 422, 401, 401],

  'GET /v1/users': [401, 403, 403, 200, 401, 401],
  'POST /v1/users': [401, 403, 403, 422, 401, 401],
  'GET /v1/users/:id': [401, 403, 403, 404, 401, 401],
  'PATCH /v1/users/:id': [401, 403, 403, 422, 401, 401],
  'DELETE /v1/users/:id': [401, 403, 403, 404, 401, 401],
  'GET /v1/users/:id/sessions': [401, 403, 403, 404, 401, 401],
  'DELETE /v1/users/:id/sessions': [401, 403, 403, 404, 401, 401],
  'DELETE /v1/users/:id/two-step': [401, 403, 403, 404, 401, 401],
  'DELETE /v1/users/:id/sessions/:sessionId': [401, 403, 403, 404, 401, 401],

  'GET /v1/api-keys': [401, 200, 200, 200, 401, 401],
  'POST /v1/api-keys': [401, 422, 422, 422, 401, 401],
  'GET /v1/api-keys/:id': [401, 404, 404, 404, 401, 401],
  'DELETE /v1/api-keys/:id': [401, 404, 404, 404, 401, 401],

  'GET /v1/products': [401, 200, 200, 200, 401, 401],
  'POST /v1/products': [401, 403, 422, 422, 401, 401],
  'GET /v1/products/:id': [401, 404, 404, 404, 401, 401],
  'PUT /v1/products/:id': [401, 403, 422, 422, 401, 401],
  'PATCH /v1/products/:id': [401, 403, 422, 422, 401, 401],
  'DELETE /v1/products/:id': [401, 403, 404, 404, 401, 401],

  'GET /v1/products/:id/stock': [401, 404, 404, 404, 401, 401],
  'GET /v1/products/:id/stock-movements': [401, 404, 404, 404, 401, 401],
  'POST /v1/products/:id/stock-movements': [401, 403, 422, 422, 401, 401],
  'GET /v1/products/:id/stock-movements/:movement_id': [401, 404, 404, 404, 401, 401],
  'GET /v1/orders': [401, 200, 200, 200, 401, 401],
  'POST /v1/orders': [401, 422, 422, 422, 401, 401],
  'GET /v1/orders/:id': [401, 404, 404, 404, 401, 401],
  'PATCH /v1/orders/:id': [401, 422, 422, 422, 401, 401],

  // JSON is no file.
  'GET /v1/product-imports': [401, 403, 200, 200, 401, 401],
  'POST /v1/product-imports': [401, 403, 415, 415, 401, 401],
  'GET /v1/product-imports/:id': [401, 403, 404, 404, 401, 401],
  'PATCH /v1/product-imports/:id': [401, 403, 422, 422, 401, 401],
  'GET /v1/product-imports/:id/errors': [401, 403, 404, 404, 401, 401],

  'GET /v1/audit-events': [401, 403, 200, 200, 401, 401],
  'GET /v1/audit-events/:id': [401, 403, 404, 404, 401, 401],
  'GET /v1/events/stream': [401, 403, 422, 422, 401, 401],
  'GET /v1/webhook-endpoints': [401, 403, 403, 200, 401, 401],
  'POST /v1/webhook-endpoints': [401, 403, 403, 422, 401, 401],
  'GET /v1/webhook-endpoints/:id': [401, 403, 403, 404, 401, 401],
  'PATCH /v1/webhook-endpoints/:id': [401, 403, 403, 422, 401, 401],
  'DELETE /v1/webhook-endpoints/:id': [401, 403, 403, 404, 401, 401],
  'POST /v1/webhook-endpoints/:id/secret-rotations': [401, 403, 403, 404, 401, 401],
  'POST /v1/webhook-endpoints/:id/test-events': [401, 403, 403, 404, 401, 401],
  'GET /v1/webhook-endpoints/:id/deliveries': [401, 403, 403, 404, 401, 401],
  'GET /v1/webhook-deliveries/:id': [401, 403, 403, 404, 401, 401],
  'POST /v1/webhook-deliveries/:id/retry': [401, 403, 403, 404, 401, 401],
};

let app: TestApp;
let routes: Map<string, Route>;
const callers = new Map<string, ApiClient>();

beforeAll(async () => {
  app = await startTestApp();
  routes = new Map(collectRoutes(app.app).map((route) => [`${route.method} ${route.path}`, route]));
  callers.set('nobody', app.anonymous);
  // Nobody of the table is the last administrator.
  await app.signIn('admin');
  for (const role of ['customer', 'manager', 'admin'] as const) {
    const { api, accessToken } = await app.signIn(role);
    callers.set(role, api);
    if (role !== 'admin') continue;
    const [key] = app.config.tokens.keys;
    const theirs = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const expired = { claims: { exp: nowSeconds() - 1 } };
    callers.set('forged', app.anonymous.withToken(resign(accessToken, theirs)));
    callers.set('expired', app.anonymous.withToken(resign(accessToken, key?.privateKey ?? theirs, expired)));
  }
});
afterAll(() => app.close());

function call(caller: string, method: string, path: string) {
  const url = path.replace(/:\w+/g, () => randomUUID());
  const writes = method !== 'GET' && method !== 'HEAD';
  const body = writes && method !== 'DELETE' ? { no_such_field: true } : undefined;
  // Streams would never end.
  const headers: Record<string, string> = writes ? { 'if-match': '"stale"' } : { 'last-event-id': 'none' };
  return (callers.get(caller) as ApiClient).send(method, url, body, headers);
}

describe('the matrix of routes and callers', () => {
  it('holds every route of the application but those of a scope, and no other', () => {
    const ofScopes = [...routes.entries()].filter(([, { rule }]) => rule?.kind === 'scope');
    const known = new Set([...Object.keys(MATRIX), ...ofScopes.map(([name]) => name)]);
    expect(
      [...routes.keys()].filter((name) => !known.has(name)),
      'add these to MATRIX',
    ).toEqual([]);
    expect(
      Object.keys(MATRIX).filter((name) => !routes.has(name)),
      'remove these from MATRIX',
    ).toEqual([]);
  });

  it('gives routes of a scope that it does not hold to the roles of the scope only', async () => {
    for (const [name, { method, path, rule }] of routes) {
      if (name in MATRIX || rule?.kind !== 'scope') continue;
      for (const caller of COLUMNS) {
        const { status } = await call(caller, method, path);
        const isRole = caller === 'customer' || caller === 'manager' || caller === 'admin';
        const holds = isRole && (ROLES[caller] as readonly string[]).includes(rule.scope);
        const expected = isRole ? (holds ? [200, 404, 412, 422] : [403]) : [401];
        expect(expected, `${name} as ${caller}`).toContain(status);
      }
    }
  });

  it('leaves no route outside of the guards', () => {
    expect([...routes.values()].filter(({ rule }) => rule === undefined)).toEqual([]);
  });

  it.each(Object.keys(MATRIX))('%s', async (route) => {
    const [method = '', path = ''] = route.split(' ');
    const answers = await Promise.all(COLUMNS.map((caller) => call(caller, method, path)));
    const named = (statuses: readonly (number | undefined)[]) =>
      Object.fromEntries(COLUMNS.map((caller, index) => [caller, statuses[index]]));
    expect(named(answers.map(({ status }) => status))).toEqual(named(MATRIX[route] ?? []));

    const codes = { nobody: 'unauthenticated', forged: 'unauthenticated', expired: 'token_expired' };
    for (const [index, caller] of COLUMNS.entries()) {
      const { status, body, headers } = answers[index] as Awaited<ReturnType<typeof call>>;
      const challenge = headers.get('www-authenticate');
      if (status === 401) {
        expect((body as { code: string }).code).toBe(codes[caller as keyof typeof codes]);
        expect(challenge).toBe(caller === 'nobody' ? 'Bearer' : 'Bearer error="invalid_token"');
      } else if (status === 403) {
        const rule = routes.get(route)?.rule;
        const scope = rule?.kind === 'scope' ? rule.scope : '';
        expect((body as { code: string }).code).toBe('insufficient_scope');
        expect(challenge).toBe(`Bearer error="insufficient_scope", scope="${scope}"`);
      } else {
        expect(challenge).toBeNull();
      }
    }
  });

  it.each(Object.keys(MATRIX).filter((route) => route.startsWith('GET ')))(
    '%s is no wider as HEAD',
    async (route) => {
      const path = route.slice(4);
      const answers = await Promise.all(COLUMNS.map((caller) => call(caller, 'HEAD', path)));
      expect(answers.map(({ status }) => status)).toEqual(MATRIX[route]);
    },
  );
});

describe('a handler that says not who may call it', () => {
  @Controller('v1/forgotten')
  class ForgottenController {
    @Get()
    @Returns(UserResponse)
    listSecrets() {
      return [];
    }
  }

  it('stops the start-up of the very application, which names it', async () => {
    @Module({ imports: [AppModule.forConfig(app.config)], controllers: [ForgottenController] })
    class ForgetfulModule {}
    const start = NestFactory.createApplicationContext(ForgetfulModule, {
      logger: false,
      abortOnError: false,
    });
    await expect(start).rejects.toThrow(
      'ForgottenController.listSecrets: @Access(scope), @SignedIn() or @Public()',
    );
  });
});
