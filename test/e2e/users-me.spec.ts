import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

describe('GET /v1/users/me', () => {
  it.each(['customer', 'manager', 'admin'] as const)('tells a %s about itself', async (role) => {
    const { api, id, email } = await app.signIn(role);
    const { status, body, headers } = await api.get('/v1/users/me');
    expect(status).toBe(200);
    expect(body).toMatchObject({ id, email, role, is_active: true });
    expect(Object.keys(body).join(' ')).toBe(
      'id email full_name role is_active email_verified created_at updated_at',
    );
    expect(headers.get('vary')).toMatch(/authorization/i);
    const known = await api.get('/v1/users/me', { 'if-none-match': String(headers.get('etag')) });
    expect(known.status).toBe(304);
  });
});

describe('PATCH /v1/users/me', () => {
  it('changes the name', async () => {
    const { api } = await app.signIn('customer');
    const { status, body } = await api.patch('/v1/users/me', { full_name: 'Ada King' });
    expect([status, body.full_name]).toEqual([200, 'Ada King']);
    expect((await api.get('/v1/users/me')).body.full_name).toBe('Ada King');
  });

  it.each([
    ['role', 'admin'],
    ['email', 'root@example.com'],
    ['is_active', false],
    ['email_verified', true],
    ['password', 'another passphrase'],
    ['id', '00000000-0000-7000-8000-000000000000'],
  ])('does not know %s', async (field, value) => {
    const { api } = await app.signIn('customer');
    const { body: before } = await api.get('/v1/users/me');
    const { status, body } = await api.patch('/v1/users/me', { full_name: 'Ada King', [field]: value });
    expect(status).toBe(422);
    expect(body.errors).toEqual([expect.objectContaining({ pointer: `/${field}`, code: 'unknown_field' })]);
    expect((await api.get('/v1/users/me')).body).toEqual(before);
  });

  it('refuses null, and what is no object', async () => {
    const { api } = await app.signIn('customer');
    expect((await api.patch('/v1/users/me', { full_name: null })).status).toBe(422);
    expect((await api.patch('/v1/users/me', [{ full_name: 'Ada' }])).status).toBe(422);
    expect((await api.patch('/v1/users/me', 'null')).status).toBe(422);
    expect((await api.patch('/v1/users/me')).status).toBe(400);
  });

  it('with a stale If-Match is a 412 without effect', async () => {
    const { api } = await app.signIn('customer');
    const { headers } = await api.get('/v1/users/me');
    await api.patch('/v1/users/me', { full_name: 'First' });
    const stale = { 'if-match': String(headers.get('etag')) };
    expect((await api.patch('/v1/users/me', { full_name: 'Second' }, stale)).status).toBe(412);
    expect((await api.delete('/v1/users/me', stale)).status).toBe(412);
    expect((await api.get('/v1/users/me')).body.full_name).toBe('First');
  });
});

describe('DELETE /v1/users/me', () => {
  it('ends the account, its sessions, and frees the e-mail', async () => {
    const { api, email, refreshToken } = await app.signIn('customer');
    const { status, text } = await api.delete('/v1/users/me');
    expect([status, text]).toEqual([204, '']);
    const refresh = await app.anonymous.post('/v1/auth/refresh', { refresh_token: refreshToken });
    expect([refresh.status, refresh.body.code]).toEqual([401, 'invalid_credentials']);
    await expect.poll(async () => (await api.get('/v1/users/me')).status).toBe(401);
    const again = { email, password: 'yet another passphrase', full_name: 'The next one' };
    expect((await app.anonymous.post('/v1/auth/register', again)).status).toBe(201);
  });
});
