import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PasswordsService } from '../../src/identity/users/passwords.service.js';
import { PASSWORD, startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let admin: SignedIn;

beforeAll(async () => {
  app = await startTestApp();
  admin = await app.signIn('admin');
});
afterAll(() => app.close());

const login = (email: unknown, password: unknown = PASSWORD) =>
  app.anonymous.post('/v1/auth/login', { email, password });

describe('POST /v1/auth/login', () => {
  it('answers the tokens as RFC 6749 shapes them, never to be stored', async () => {
    const { email } = await app.signIn('manager');
    const { status, headers, body } = await login(email);
    expect(status).toBe(200);
    expect(body).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) as string,
      token_type: 'Bearer',
      expires_in: 900,
      refresh_token: expect.stringMatching(/^\S{40,}$/) as string,
      scope: 'products:read products:write imports:write orders:read orders:write orders:admin audit:read',
    });
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('knows the e-mail in any letters', async () => {
    const { email } = await app.signIn('customer');
    expect((await login(email.toUpperCase())).status).toBe(200);
  });

  it('knows the password only in its own', async () => {
    const { email } = await app.signIn('customer');
    for (const other of [PASSWORD.toUpperCase(), `${PASSWORD} `, ` ${PASSWORD}`, PASSWORD.slice(0, -1), '']) {
      expect((await login(email, other)).status).toBe(401);
    }
  });

  it('begins a session of its own each time', async () => {
    const { email } = await app.signIn('customer');
    const [one, two] = [await login(email), await login(email)];
    await app.anonymous.post('/v1/auth/logout', { refresh_token: one.body.refresh_token });
    const { status } = await app.anonymous.post('/v1/auth/refresh', {
      refresh_token: two.body.refresh_token,
    });
    expect(status).toBe(200);
  });

  it.each([
    ['no password', { email: 'a@example.com' }, 422],
    ['a password as a number', { email: 'a@example.com', password: 1 }, 422],
    ['an e-mail as an object', { email: { $gt: '' }, password: PASSWORD }, 422],
    ['a NUL in the e-mail', { email: 'a\u0000@example.com', password: PASSWORD }, 422],
    ['a field that nobody knows', { email: 'a@example.com', password: PASSWORD, otp: '1' }, 422],
    ['no body', undefined, 400],
    ['a form', 'email=a@example.com', 400],
  ])('refuses %s', async (_, body, status) => {
    expect((await app.anonymous.post('/v1/auth/login', body)).status).toBe(status);
  });
});

describe('a login that fails', () => {
  const credentials: Record<string, () => Promise<{ email: string; password: string }>> = {
    'a wrong password': async () => ({ email: (await app.signIn('customer')).email, password: 'not it' }),
    'an unknown e-mail': () => Promise.resolve({ email: 'nobody@example.com', password: PASSWORD }),
    'what is no e-mail': () => Promise.resolve({ email: 'nobody', password: PASSWORD }),
    'an inactive user with the right password': async () => {
      const { id, email } = await app.signIn('customer');
      await admin.api.patch(`/v1/users/${id}`, { is_active: false });
      return { email, password: PASSWORD };
    },
    'a deleted user with the right password': async () => {
      const { id, email } = await app.signIn('customer');
      await admin.api.delete(`/v1/users/${id}`);
      return { email, password: PASSWORD };
    },
  };

  it.each(Object.entries(credentials))('tells no more for %s, and costs as much', async (_, prepare) => {
    const { email, password } = await prepare();
    // What an attacker could time. That it is as much work without an account, its own spec shows.
    const verify = vi.spyOn(app.app.get(PasswordsService), 'verify');
    const { status, headers, body } = await login(email, password);
    expect(verify).toHaveBeenCalledTimes(1);
    verify.mockRestore();
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBe('Bearer');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      type: 'http://stockroom.test/docs/errors#invalid_credentials',
      title: 'Invalid credentials',
      status: 401,
      detail: 'The e-mail or the password is wrong.',
      instance: '/v1/auth/login',
      code: 'invalid_credentials',
      trace_id: body.trace_id,
    });
  });
});
