import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProduct } from '../support/products.js';
import { PASSWORD, startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let manager: SignedIn;
let path: string;

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
  path = `/v1/products/${(await createProduct(manager.api)).id}`;
});
afterAll(() => app.close());

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

describe('X-Request-Id', () => {
  it.each(['abc', 'A.b_c-1', 'x'.repeat(128)])('is taken from the caller: %s', async (id) => {
    for (const target of [path, '/nowhere', '/%ZZ']) {
      expect((await manager.api.get(target, { 'x-request-id': id })).headers.get('x-request-id')).toBe(id);
    }
  });

  it.each(['', 'x'.repeat(129), 'a b', 'a;b', '<b>', '{"a":1}'])('is made anew instead of %j', async (id) => {
    const { headers } = await manager.api.get(path, { 'x-request-id': id });
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('traceparent', () => {
  it('gives errors its trace id', async () => {
    const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
    for (const target of ['/nowhere', '/%ZZ', '/v1/products?limit=0', '/v1/products?q=%FF']) {
      const { body, headers } = await manager.api.get(target, { traceparent });
      expect([target, body.trace_id]).toEqual([target, TRACE]);
      expect(headers.get('traceresponse')).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-0[01]$`));
    }
  });

  it('is ignored if it is broken, and never the same id twice', async () => {
    const ids = [];
    for (const traceparent of ['nonsense', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, `00-${TRACE}-1-01`]) {
      ids.push((await app.anonymous.get('/nowhere', { traceparent })).body.trace_id);
    }
    expect(ids).not.toContain(TRACE);
    expect(new Set(ids).size).toBe(3);
  });
});

describe('security headers', () => {
  it.each(['/v1/products', '/health/live', '/nowhere', '/v1/products?q=%FF'])('are on %s', async (target) => {
    const { headers } = await manager.api.get(target);
    expect(headers.get('content-security-policy')).toBe("default-src 'none';frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBeTruthy();
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('server')).toBeNull();
  });

  it('ask for HTTPS where the service is called by it, and only there', async () => {
    expect((await app.anonymous.get('/health/live')).headers.get('strict-transport-security')).toBeNull();
    const secure = await startTestApp({ PUBLIC_URL: 'https://api.example.com' });
    const { headers, body } = await secure.anonymous.get('/nowhere');
    await secure.close();
    expect(headers.get('strict-transport-security')).toMatch(/^max-age=\d{7,}/);
    expect(body.type).toBe('https://api.example.com/docs/errors#not_found');
  });
});

describe('Cache-Control and Vary', () => {
  it('let resources be kept by their reader, who asks again', async () => {
    for (const target of [path, '/v1/products', '/v1/users/me']) {
      const { headers } = await manager.api.get(target);
      expect(headers.get('cache-control')).toBe('private, no-cache');
      expect(headers.get('vary')?.split(', ')).toEqual(expect.arrayContaining(['Accept', 'Authorization']));
    }
    expect((await manager.api.patch(path, { name: 'x' })).headers.get('cache-control')).toBe(
      'private, no-cache',
    );
  });

  it('let nobody keep an error', async () => {
    const answers = [
      await app.anonymous.get(path),
      await app.anonymous.get('/nowhere'),
      await app.anonymous.get('/%ZZ'),
      await manager.api.get('/v1/products?limit=0'),
      await manager.api.post('/v1/products', '{'),
      await manager.api.put('/v1/products', {}),
      await manager.api.patch(path, { name: 'x' }, { 'if-match': '"no"' }),
      await manager.api.get(path, { accept: 'text/html' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 404, 400, 422, 400, 405, 412, 406]);
    for (const { headers } of answers) expect(headers.get('cache-control')).toBe('no-store');
  });

  it('let nobody keep what is about credentials', async () => {
    const login = await app.anonymous.post<{ refresh_token: string }>('/v1/auth/login', {
      email: manager.email,
      password: PASSWORD,
    });
    const { refresh_token } = login.body;
    const refresh = await app.anonymous.post<{ refresh_token: string }>('/v1/auth/refresh', {
      refresh_token,
    });
    const logout = await app.anonymous.post('/v1/auth/logout', { refresh_token: refresh.body.refresh_token });
    const refused = await app.anonymous.post('/v1/auth/login', {
      email: manager.email,
      password: 'wrong password',
    });
    expect([login, refresh, logout, refused].map(({ status }) => status)).toEqual([200, 200, 204, 401]);
    for (const { headers } of [login, refresh, logout, refused]) {
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });
});
