import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let admin: SignedIn;

beforeAll(async () => {
  app = await startTestApp();
  admin = await app.signIn('admin');
});
afterAll(() => app.close());

const newEmail = () => `${randomUUID()}@example.com`;
const newUser = (fields: object = {}) => ({
  email: newEmail(),
  password: PASSWORD,
  full_name: 'Ada Lovelace',
  ...fields,
});

async function createUser(fields: object = {}) {
  const { status, headers, body } = await admin.api.post('/v1/users', newUser(fields));
  expect(status).toBe(201);
  const path = String(headers.get('location'));
  return { path, body, etag: String((await admin.api.get(path)).headers.get('etag')) };
}

describe('POST /v1/users', () => {
  it('creates a customer unless told otherwise, and answers what can be read from then on', async () => {
    const input = newUser();
    const { status, headers, body } = await admin.api.post('/v1/users', input);
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(
        /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      ) as string,
      email: input.email,
      full_name: 'Ada Lovelace',
      role: 'customer',
      is_active: true,
      email_verified: false,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      updated_at: body.created_at,
    });
    expect(headers.get('location')).toBe(`/v1/users/${body.id}`);
    const read = await admin.api.get(`/v1/users/${body.id}`);
    expect(read.body).toEqual(body);
    expect(read.headers.get('etag')).toMatch(/^"[^"]+"$/);
    expect(read.headers.get('cache-control')).toBe('private, no-cache');
  });

  it.each(['customer', 'manager', 'admin'])('creates a %s who can sign in', async (role) => {
    const input = newUser({ role });
    expect((await admin.api.post('/v1/users', input)).body.role).toBe(role);
    expect((await app.anonymous.post('/v1/auth/login', input.email ? pick(input) : {})).status).toBe(200);
  });

  it('refuses an e-mail that exists in other letters', async () => {
    const email = newEmail();
    await createUser({ email });
    const { status, body } = await admin.api.post('/v1/users', newUser({ email: email.toUpperCase() }));
    expect([status, body.code]).toEqual([409, 'duplicate_email']);
    expect(JSON.stringify(body)).not.toMatch(/users_email_key|constraint|lower\(/);
  });
});

function pick({ email, password }: { email: string; password: string }) {
  return { email, password };
}

describe('GET /v1/users/{id}', () => {
  it('answers 304 to who knows the state', async () => {
    const { path, etag } = await createUser();
    const { status, text } = await admin.api.get(path, { 'if-none-match': etag });
    expect([status, text]).toEqual([304, '']);
  });

  it.each(['00000000-0000-7000-8000-000000000000', 'no-uuid', '1', '%00', "' OR 1=1"])(
    '%s is nobody',
    async (id) => {
      const { status, body } = await admin.api.get(`/v1/users/${id.replace(/[ ']/g, encodeURIComponent)}`);
      expect([status, body.code]).toEqual([404, 'not_found']);
    },
  );
});

describe('PATCH /v1/users/{id}', () => {
  it.each([
    ['role', 'manager'],
    ['is_active', false],
    ['full_name', 'Countess of Lovelace'],
    ['email', 'countess@example.com'],
  ])('changes %s and nothing else', async (field, value) => {
    const { path, body: before, etag } = await createUser();
    const { status, headers, body } = await admin.api.patch(path, { [field]: value });
    expect(status).toBe(200);
    expect(body).toEqual({ ...before, [field]: value, updated_at: body.updated_at });
    expect(String(body.updated_at) >= String(before.updated_at)).toBe(true);
    expect(headers.get('etag')).not.toBe(etag);
    expect((await admin.api.get(path)).body).toEqual(body);
  });

  it('with nothing to change changes nothing', async () => {
    const { path, body: before, etag } = await createUser();
    const { status, headers, body } = await admin.api.patch(path, {});
    expect([status, headers.get('etag')]).toEqual([200, etag]);
    expect(body).toEqual(before);
  });

  it('takes a merge patch by its own media type', async () => {
    const { path } = await createUser();
    const headers = { 'content-type': 'application/merge-patch+json' };
    expect((await admin.api.patch(path, { full_name: 'Ada' }, headers)).body.full_name).toBe('Ada');
  });

  it.each([
    ['a null e-mail', { email: null }, '/email'],
    ['a null name', { full_name: null }, '/full_name'],
    ['a null role', { role: null }, '/role'],
    ['a null activity', { is_active: null }, '/is_active'],
    ['an activity as text', { is_active: 'false' }, '/is_active'],
    ['an unknown role', { role: 'owner' }, '/role'],
    ['a list of roles', { role: ['admin'] }, '/role'],
    ['a password', { password: PASSWORD }, '/password'],
    ['an id', { id: randomUUID() }, '/id'],
    ['email_verified', { email_verified: true }, '/email_verified'],
    ['a field that nobody knows', { nickname: 'Ada' }, '/nickname'],
  ])('refuses %s, and changes nothing of the rest', async (_, patch, pointer) => {
    const { path, body: before } = await createUser();
    const { status, body } = await admin.api.patch(path, { full_name: 'Somebody else', ...patch });
    expect([status, body.code]).toEqual([422, 'validation_failed']);
    expect(body.errors).toEqual([expect.objectContaining({ pointer })]);
    expect((await admin.api.get(path)).body).toEqual(before);
  });

  it('refuses an e-mail that somebody else has, but not the own one in other letters', async () => {
    const [one, other] = [await createUser(), await createUser()];
    const taken = await admin.api.patch(one.path, { email: String(other.body.email).toUpperCase() });
    expect([taken.status, taken.body.code]).toEqual([409, 'duplicate_email']);
    const own = String(one.body.email).toUpperCase();
    expect((await admin.api.patch(one.path, { email: own })).body.email).toBe(own);
  });
});

describe('DELETE /v1/users/{id}', () => {
  it('makes the user nobody, frees the e-mail and keeps the row', async () => {
    const { path, body: before } = await createUser();
    const { status, text } = await admin.api.delete(path);
    expect([status, text]).toEqual([204, '']);
    for (const answer of [
      admin.api.get(path),
      admin.api.patch(path, { full_name: 'X Y' }),
      admin.api.delete(path),
    ]) {
      expect((await answer).status).toBe(404);
    }
    const list = await admin.api.get(`/v1/users?email=${String(before.email)}`);
    expect(list.body.data).toEqual([]);
    const again = await createUser({ email: before.email });
    expect(again.body.id).not.toBe(before.id);
    const rows = await app.dataSource.query<object[]>('SELECT 1 FROM users WHERE id = $1', [before.id]);
    expect(rows).toHaveLength(1);
  });
});

describe('If-Match', () => {
  it.each(['patch', 'delete'] as const)('a stale one makes %s a 412 without effect', async (method) => {
    const { path, etag: stale } = await createUser();
    const { body: current } = await admin.api.patch(path, { full_name: 'Somebody else' });
    const headers = { 'if-match': stale };
    const answer =
      method === 'patch'
        ? admin.api.patch(path, { role: 'manager' }, headers)
        : admin.api.delete(path, headers);
    expect([(await answer).status, (await answer).body.code]).toEqual([412, 'precondition_failed']);
    expect((await admin.api.get(path)).body).toEqual(current);
  });

  it('of ten writers with the same version one wins', async () => {
    const { path, etag } = await createUser();
    const write = (_: unknown, n: number) =>
      admin.api.patch(path, { full_name: `Writer ${n}` }, { 'if-match': etag });
    const answers = await Promise.all(Array.from({ length: 10 }, write));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(412)]);
  });

  it.each(['*', 'the current ETag', 'a list with it'])('%s lets the change through', async (kind) => {
    const { path, etag } = await createUser();
    const value = kind === '*' ? '*' : kind === 'a list with it' ? `"x", ${etag}` : etag;
    expect((await admin.api.patch(path, { full_name: 'Ada L.' }, { 'if-match': value })).status).toBe(200);
    expect((await admin.api.delete(path, { 'if-match': '*' })).status).toBe(204);
  });

  it.each(['*', '"v1"'])('%s of an object that does not exist is a 404', async (value) => {
    const path = `/v1/users/${randomUUID()}`;
    expect((await admin.api.patch(path, { full_name: 'Ada L.' }, { 'if-match': value })).status).toBe(404);
    expect((await admin.api.delete(path, { 'if-match': value })).status).toBe(404);
  });

  it('that is no list of ETags is refused by name', async () => {
    const { path } = await createUser();
    const { status, body } = await admin.api.delete(path, { 'if-match': 'v1' });
    expect(status).toBe(422);
    expect(body.errors).toEqual([expect.objectContaining({ header: 'If-Match' })]);
  });
});
