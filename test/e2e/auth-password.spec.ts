import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

const NEW_PASSWORD = 'quite another passphrase 🦊';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const login = (email: string, password: string) => app.anonymous.post('/v1/auth/login', { email, password });
const refresh = (refresh_token: unknown) => app.anonymous.post('/v1/auth/refresh', { refresh_token });
const change = ({ api }: SignedIn, body: object) => api.put('/v1/users/me/password', body);

describe('PUT /v1/users/me/password', () => {
  it('makes the new password the only one', async () => {
    const user = await app.signIn('customer');
    const { status, text } = await change(user, { current_password: PASSWORD, password: NEW_PASSWORD });
    expect([status, text]).toEqual([204, '']);
    expect((await login(user.email, PASSWORD)).status).toBe(401);
    expect((await login(user.email, NEW_PASSWORD)).status).toBe(200);
  });

  it('ends all other sessions, also their access tokens, and keeps the own', async () => {
    const user = await app.signIn('customer');
    const others = [await login(user.email, PASSWORD), await login(user.email, PASSWORD)];
    await change(user, { current_password: PASSWORD, password: NEW_PASSWORD });
    for (const { body } of others) {
      const api = app.anonymous.withToken(String(body.access_token));
      expect((await refresh(body.refresh_token)).status).toBe(401);
      await expect.poll(async () => (await api.get('/v1/users/me')).status).toBe(401);
    }
    expect((await user.api.get('/v1/users/me')).status).toBe(200);
    expect((await refresh(user.refreshToken)).status).toBe(200);
  });

  it('ends no session of anybody else', async () => {
    const [user, bystander] = [await app.signIn('customer'), await app.signIn('customer')];
    await change(user, { current_password: PASSWORD, password: NEW_PASSWORD });
    expect((await refresh(bystander.refreshToken)).status).toBe(200);
  });

  it('takes the current password, and changes nothing without it', async () => {
    const user = await app.signIn('customer');
    const other = await login(user.email, PASSWORD);
    const { status, body, headers } = await change(user, {
      current_password: 'not the passphrase',
      password: NEW_PASSWORD,
    });
    expect([status, body.code]).toEqual([401, 'invalid_credentials']);
    expect(headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect((await login(user.email, PASSWORD)).status).toBe(200);
    expect((await refresh(other.body.refresh_token)).status).toBe(200);
  });

  it.each([
    ['a short one', { password: 'xk7 Rq2!pw9' }, '/password'],
    ['a long one', { password: 'p'.repeat(129) }, '/password'],
    ['a common one', { password: 'qwertyuiop123' }, '/password'],
    ['none', { password: undefined }, '/password'],
    ['null', { password: null }, '/password'],
    ['no current one', { current_password: undefined, password: NEW_PASSWORD }, '/current_password'],
    ['a field that nobody knows', { password: NEW_PASSWORD, role: 'admin' }, '/role'],
  ])('refuses %s by name, and keeps the old one', async (_, fields, pointer) => {
    const user = await app.signIn('customer');
    const { status, body } = await change(user, { current_password: PASSWORD, ...fields });
    expect([status, body.code]).toEqual([422, 'validation_failed']);
    expect(body.errors).toEqual([expect.objectContaining({ pointer })]);
    expect((await login(user.email, PASSWORD)).status).toBe(200);
  });

  it('is for who is signed in', async () => {
    const body = { current_password: PASSWORD, password: NEW_PASSWORD };
    expect((await app.anonymous.put('/v1/users/me/password', body)).status).toBe(401);
  });
});
