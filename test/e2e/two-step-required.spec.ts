import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCOPES } from '../../config/scopes.js';
import type { ApiClient } from '../support/api-client.js';
import { PASSWORD, startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { decodeToken } from '../support/tokens.js';
import { beginLogin, codeAt, confirmLogin, enrol, forgetUse, login } from '../support/totp.js';
import type { Enrolled, Tokens } from '../support/totp.js';

const ALL = SCOPES.join(' ');

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp({ SECOND_FACTOR_ROLES: 'admin' });
});
afterAll(() => app.close());

const scopesIn = (token: string) => decodeToken(token).claims.scope;

/** An administrator who has signed in with a second factor. */
async function aFullAdmin(): Promise<{ api: ApiClient; tokens: Tokens; user: Enrolled }> {
  const user = await enrol(await app.signIn('admin'));
  await forgetUse(app, user);
  const { body } = await confirmLogin(app, await beginLogin(app, user), codeAt(user.secret));
  return { api: app.anonymous.withToken(body.access_token), tokens: body, user };
}

async function expectEnrolmentAsked(api: ApiClient): Promise<void> {
  for (const path of ['/v1/users', '/v1/products']) {
    const { status, body } = await api.get(path);
    expect([status, body.code]).toEqual([403, 'mfa_enrolment_required']);
  }
}

describe('a role that must sign in with two steps', () => {
  it('may do nothing but enrol, and then signs in again with all that it may', async () => {
    const user = await app.signIn('admin');
    const { status, body } = await app.anonymous.post<Tokens>('/v1/auth/login', {
      email: user.email,
      password: PASSWORD,
    });
    expect([status, body.scope, scopesIn(body.access_token)]).toEqual([200, '', '']);
    const api = app.anonymous.withToken(body.access_token);
    await expectEnrolmentAsked(api);
    expect((await api.get('/v1/users/me')).status).toBe(200);

    const enrolled = await enrol({ ...user, api });
    await expectEnrolmentAsked(api);
    await forgetUse(app, user);
    const mfaToken = await beginLogin(app, user);
    const signedIn = await confirmLogin(app, mfaToken, codeAt(enrolled.secret));
    expect([signedIn.body.scope, scopesIn(signedIn.body.access_token)]).toEqual([ALL, ALL]);
    const full = app.anonymous.withToken(signedIn.body.access_token);
    expect((await full.get('/v1/users')).status).toBe(200);
  });

  it('keeps its scopes at each refresh, and gains none by one', async () => {
    const { tokens, user } = await aFullAdmin();
    const refresh = (refresh_token: string) =>
      app.anonymous.post<Tokens>('/v1/auth/refresh', { refresh_token });
    const once = await refresh(tokens.refresh_token);
    const twice = await refresh(once.body.refresh_token);
    for (const { body } of [once, twice]) {
      expect([body.scope, scopesIn(body.access_token)]).toEqual([ALL, ALL]);
      expect((await app.anonymous.withToken(body.access_token).get('/v1/users')).status).toBe(200);
    }
    // Begun before the enrolment, and without a second factor for ever.
    const { body } = await refresh(user.refreshToken);
    expect([body.scope, scopesIn(body.access_token)]).toEqual(['', '']);
    await expectEnrolmentAsked(app.anonymous.withToken(body.access_token));
  });

  it('concerns nobody else', async () => {
    for (const role of ['customer', 'manager'] as const) {
      const user = await app.signIn(role);
      const { body } = await app.anonymous.post<Tokens>('/v1/auth/login', {
        email: user.email,
        password: PASSWORD,
      });
      expect(body.scope).not.toBe('');
      expect((await user.api.get('/v1/products')).status).toBe(200);
    }
  });

  it('is asked of who comes into it with a session of one step, within seconds', async () => {
    const { api: admin } = await aFullAdmin();
    const user = await app.signIn('customer');
    expect((await user.api.get('/v1/products')).status).toBe(200);
    expect((await admin.patch(`/v1/users/${user.id}`, { role: 'admin' })).status).toBe(200);
    await expect
      .poll(async () => (await user.api.get('/v1/products')).body.code)
      .toBe('mfa_enrolment_required');
    await expectEnrolmentAsked(user.api);
    const { body } = await app.anonymous.post<Tokens>('/v1/auth/refresh', {
      refresh_token: user.refreshToken,
    });
    expect(body.scope).toBe('');
    expect((await login(app, user)).status).toBe(200);
  });

  it('is met by who comes into it with a session of two steps', async () => {
    const { api: admin } = await aFullAdmin();
    const user = await enrol(await app.signIn('customer'));
    const { body } = await confirmLogin(app, await beginLogin(app, user), user.recoveryCodes[0]);
    const api = app.anonymous.withToken(body.access_token);
    await admin.patch(`/v1/users/${user.id}`, { role: 'admin' });
    await expect.poll(async () => (await api.get('/v1/users')).status).toBe(200);
  });

  it('is not got round by an API key', async () => {
    const user = await app.signIn('admin');
    for (const scope of ['users:admin', 'products:read']) {
      const { status, body } = await user.api.post('/v1/api-keys', { name: 'Way round', scopes: [scope] });
      expect([status, body.code]).toEqual([422, 'validation_failed']);
      expect(body.errors).toEqual([expect.objectContaining({ pointer: '/scopes/0' })]);
    }
    expect((await user.api.post('/v1/api-keys', { name: 'Way round', scopes: [] })).status).toBe(422);
    expect((await user.api.get('/v1/api-keys')).body.data).toEqual([]);
  });

  it('may turn it off, and must enrol again at the next sign-in', async () => {
    const { api, user } = await aFullAdmin();
    const off = { current_password: PASSWORD, code: user.recoveryCodes[0] };
    expect((await api.post('/v1/auth/two-step/disable', off)).status).toBe(204);
    expect((await api.get('/v1/users')).status).toBe(200);
    const { body: tokens } = await app.anonymous.post<Tokens>('/v1/auth/login', {
      email: user.email,
      password: PASSWORD,
    });
    expect(tokens.scope).toBe('');
    await expectEnrolmentAsked(app.anonymous.withToken(tokens.access_token));
  });
});

describe('an API key', () => {
  it('enrols its owner like a token, but only with the password', async () => {
    const user = await app.signIn('customer');
    const { body } = await user.api.post('/v1/api-keys', { name: 'Script', scopes: ['products:read'] });
    const api = app.anonymous.with({ 'x-api-key': String(body.key) });
    const refused = await api.post('/v1/auth/two-step', { current_password: 'not the passphrase' });
    expect([refused.status, refused.body.code]).toEqual([401, 'invalid_credentials']);
    expect((await enrol({ ...user, api })).recoveryCodes).toHaveLength(10);
    expect((await user.api.get('/v1/auth/two-step')).body.enabled).toBe(true);
  });
});
