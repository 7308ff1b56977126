import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCOPES } from '../../config/scopes.js';
import { aKey, createKey, keyIdsOf } from '../support/api-keys.js';
import type { CreatedKey } from '../support/api-keys.js';
import { walk } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

const FIELDS = 'id name scopes prefix expires_at last_used_at created_at';

let app: TestApp;
let customer: SignedIn;

beforeAll(async () => {
  app = await startTestApp();
  customer = await app.signIn('customer');
});
afterAll(() => app.close());

const withKey = (key: string) => app.anonymous.with({ 'x-api-key': key });

describe('POST /v1/api-keys', () => {
  it('answers the key, this once, in an answer that nobody may keep', async () => {
    const { status, body, headers } = await customer.api.post<CreatedKey>('/v1/api-keys', aKey());
    expect(status).toBe(201);
    expect(Object.keys(body).join(' ')).toBe(`${FIELDS} key`);
    expect(body.key).toMatch(/^sr_[0-9a-f]{32}_[\w-]{43}$/);
    expect(body.prefix).toBe(`sr_${body.id.replaceAll('-', '')}`);
    expect(body.key.startsWith(`${body.prefix}_`)).toBe(true);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('location')).toBe(`/v1/api-keys/${body.id}`);
    const { key, ...rest } = body;
    const there = await customer.api.get(String(headers.get('location')));
    expect(there.body).toEqual(rest);
    expect(there.text).not.toContain(key);
    expect([there.headers.get('etag'), there.headers.get('cache-control')]).toEqual([
      headers.get('etag'),
      'private, no-cache',
    ]);
  });

  it.each([
    ['without expires_at', {}, null],
    ['with null', { expires_at: null }, null],
    ['with an offset', { expires_at: '2099-01-01T01:00:00.5+01:00' }, '2099-01-01T00:00:00.500Z'],
    ['at the end of times', { expires_at: '9999-12-31T23:59:59.999999Z' }, '9999-12-31T23:59:59.999Z'],
  ])('takes one %s', async (_, fields, expires_at) => {
    const key = await createKey(customer.api, { ...fields, scopes: ['orders:write', 'products:read'] });
    expect(key).toMatchObject({ expires_at, last_used_at: null, scopes: ['orders:write', 'products:read'] });
    expect((await customer.api.get(`/v1/api-keys/${key.id}`)).body).toMatchObject({ expires_at });
  });

  it('takes all the scopes that there are, from who has them', async () => {
    const admin = await app.signIn('admin');
    expect((await createKey(admin.api, { scopes: SCOPES })).scopes).toEqual(SCOPES);
  });

  it.each([
    [{ name: '' }, '/name', 'length'],
    [{ name: 'x'.repeat(101) }, '/name', 'length'],
    [{ name: null }, '/name', 'type'],
    [{ name: undefined }, '/name', 'required'],
    [{ scopes: undefined }, '/scopes', 'required'],
    [{ scopes: [] }, '/scopes', 'size'],
    [{ scopes: 'products:read' }, '/scopes', 'type'],
    [{ scopes: { 0: 'products:read' } }, '/scopes', 'type'],
    [{ scopes: ['products:read', 'products:read'] }, '/scopes', 'unique'],
    [{ scopes: ['products:*'] }, '/scopes', 'enum'],
    [{ scopes: ['Products:read'] }, '/scopes', 'enum'],
    [{ scopes: ['toString'] }, '/scopes', 'enum'],
    [{ scopes: [['products:read']] }, '/scopes', 'enum'],
    [{ scopes: [null] }, '/scopes', 'enum'],
    [{ scopes: [...SCOPES, 'products:read'] }, '/scopes', 'size'],
    [{ expires_at: '2020-01-01T00:00:00Z' }, '/expires_at', 'future'],
    [{ expires_at: '2099-02-30T00:00:00Z' }, '/expires_at', 'timestamp'],
    [{ expires_at: '2099-01-01' }, '/expires_at', 'timestamp'],
    [{ expires_at: 4_070_908_800 }, '/expires_at', 'timestamp'],
    [{ expires_at: '' }, '/expires_at', 'timestamp'],
    [{ key: 'sr_mine' }, '/key', 'unknown_field'],
    [{ user_id: randomUUID() }, '/user_id', 'unknown_field'],
  ])('refuses %j', async (fields, pointer, code) => {
    const { status, body } = await customer.api.post('/v1/api-keys', aKey(fields));
    expect(status).toBe(422);
    expect(body.errors).toEqual([expect.objectContaining({ pointer, code })]);
  });

  it('passes on no scope that the role lacks, and names each', async () => {
    const scopes = ['products:read', 'products:write', 'orders:read', 'users:admin'];
    const { status, body } = await customer.api.post('/v1/api-keys', aKey({ scopes }));
    expect([status, body.code]).toEqual([422, 'validation_failed']);
    expect(body.errors).toEqual([
      {
        pointer: '/scopes/1',
        code: 'scope_not_held',
        message: expect.stringContaining('products:write') as string,
      },
      {
        pointer: '/scopes/3',
        code: 'scope_not_held',
        message: expect.stringContaining('users:admin') as string,
      },
    ]);
  });

  it('refuses the 101st, of 30 at the same time too; a revoked one makes room', async () => {
    const { api, id } = await app.signIn('customer');
    await app.dataSource.query(
      `INSERT INTO api_keys (version, id, user_id, name, scopes, secret_hash, created_at)
       SELECT 1, gen_random_uuid(), $1, 'Old', '{products:read}', 'h', now() FROM generate_series(1, 85)`,
      [id],
    );
    const answers = await Promise.all(Array.from({ length: 30 }, () => api.post('/v1/api-keys', aKey())));
    const codes = answers.map(({ status, body }) => (status === 201 ? 'created' : body.code));
    expect(codes.filter((code) => code === 'created')).toHaveLength(15);
    expect(codes.filter((code) => code === 'conflict')).toHaveLength(15);
    const ids = await keyIdsOf(api);
    expect(ids).toHaveLength(100);
    await api.delete(`/v1/api-keys/${String(ids[50])}`);
    expect((await api.post('/v1/api-keys', aKey())).status).toBe(201);
    expect((await api.post('/v1/api-keys', aKey())).status).toBe(409);
    expect((await customer.api.post('/v1/api-keys', aKey())).status).toBe(201);
  });
});

describe('GET /v1/api-keys', () => {
  it('lists the own keys page by page, the newest first, without revoked ones and without keys', async () => {
    const { api } = await app.signIn('customer');
    const other = await app.signIn('customer');
    const keys: CreatedKey[] = [];
    for (let n = 0; n < 5; n += 1) keys.push(await createKey(api, { name: `Key ${n}` }));
    await createKey(other.api);
    await api.delete(`/v1/api-keys/${String(keys[2]?.id)}`);
    const rows = await walk(api, '/v1/api-keys?limit=2');
    expect(rows.map(({ name }) => name)).toEqual(['Key 4', 'Key 3', 'Key 1', 'Key 0']);
    for (const row of rows) expect(Object.keys(row).join(' ')).toBe(FIELDS);
    const { next_cursor } = (await api.get('/v1/api-keys?limit=1')).body;
    const foreign = await other.api.get(`/v1/api-keys?cursor=${String(next_cursor)}`);
    expect([foreign.status, foreign.body.code]).toEqual([400, 'invalid_cursor']);
  });

  it.each(['limit=0', 'sort=name', 'q=x'])('refuses ?%s', async (query) => {
    expect((await customer.api.get(`/v1/api-keys?${query}`)).status).toBe(422);
  });
});

describe('GET and DELETE /v1/api-keys/{id}', () => {
  it('revalidates, also what has changed by being used', async () => {
    const { id, key } = await createKey(customer.api);
    const { headers } = await customer.api.get(`/v1/api-keys/${id}`);
    const known = { 'if-none-match': String(headers.get('etag')) };
    expect((await customer.api.get(`/v1/api-keys/${id}`, known)).status).toBe(304);
    await withKey(key).get('/v1/users/me');
    const read = async () => (await customer.api.get(`/v1/api-keys/${id}`, known)).body;
    await expect.poll(read).toMatchObject({ last_used_at: expect.stringMatching(/Z$/) as string });
  });

  it('revokes a key: it is refused, and gone for everybody', async () => {
    const { id, key } = await createKey(customer.api);
    expect((await withKey(key).get('/v1/users/me')).status).toBe(200);
    expect((await customer.api.delete(`/v1/api-keys/${id}`)).status).toBe(204);
    const { status, body } = await withKey(key).get('/v1/users/me');
    expect([status, body.code]).toEqual([401, 'unauthenticated']);
    expect((await customer.api.get(`/v1/api-keys/${id}`)).status).toBe(404);
    expect((await customer.api.delete(`/v1/api-keys/${id}`)).status).toBe(404);
    expect((await customer.api.delete(`/v1/api-keys/${id}`, { 'if-match': '*' })).status).toBe(404);
    expect(await keyIdsOf(customer.api)).not.toContain(id);
  });

  it('with a stale If-Match is a 412 without effect', async () => {
    const { id, key } = await createKey(customer.api);
    const remove = (etag: string) => customer.api.delete(`/v1/api-keys/${id}`, { 'if-match': etag });
    expect((await remove('"v7"')).status).toBe(412);
    expect((await withKey(key).get('/v1/products')).status).toBe(200);
    const { headers } = await customer.api.get(`/v1/api-keys/${id}`);
    expect((await remove(`"v7", ${String(headers.get('etag'))}`)).status).toBe(204);
  });
});
