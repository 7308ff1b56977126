import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { aKey, createKey, keyIdsOf } from '../support/api-keys.js';
import { aProduct } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let customer: SignedIn;
let manager: SignedIn;

beforeAll(async () => {
  app = await startTestApp();
  customer = await app.signIn('customer');
  manager = await app.signIn('manager');
});
afterAll(() => app.close());

const withKey = (key: string) => app.anonymous.with({ 'x-api-key': key });
const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();

describe('a key', () => {
  it('works wherever a token does: a manager’s for the whole life of a product', async () => {
    const { key } = await createKey(manager.api, { scopes: ['products:read', 'products:write'] });
    const api = withKey(key);
    const { status, body, headers } = await api.post('/v1/products', aProduct());
    const path = `/v1/products/${body.id}`;
    expect([status, headers.get('location')]).toEqual([201, path]);
    const read = await api.get(path);
    expect(read.headers.get('vary')).toMatch(/x-api-key/i);
    const etag = String(read.headers.get('etag'));
    expect((await api.get(path, { 'if-none-match': etag })).status).toBe(304);
    expect((await api.patch(path, { price: 1.5 }, { 'if-match': etag })).body.price).toBe(1.5);
    expect((await api.put(path, aProduct({ name: 'Axe' }), { 'if-match': etag })).status).toBe(412);
    expect((await api.put(path, aProduct({ name: 'Axe' }))).body.name).toBe('Axe');
    expect((await api.delete(path)).status).toBe(204);
    expect((await api.get(path)).status).toBe(404);
    expect((await api.get('/v1/users/me')).body.id).toBe(manager.id);
  });

  it('takes the keys that were made with it along when it is revoked, and no other', async () => {
    const { api } = await app.signIn('customer');
    const leaked = await createKey(api);
    const child = await createKey(app.anonymous.with({ 'x-api-key': leaked.key }));
    const grandchild = await createKey(app.anonymous.with({ 'x-api-key': child.key }));
    const other = await createKey(api);
    const statusOf = async ({ key }: { key: string }) =>
      (await app.anonymous.with({ 'x-api-key': key }).get('/v1/users/me')).status;
    expect(await Promise.all([leaked, child, grandchild, other].map(statusOf))).toEqual([200, 200, 200, 200]);
    await api.delete(`/v1/api-keys/${leaked.id}`);
    expect(await Promise.all([leaked, child, grandchild, other].map(statusOf))).toEqual([401, 401, 401, 200]);
    expect(await keyIdsOf(api)).toEqual([other.id]);
  });

  it('lists and revokes keys, itself too', async () => {
    const { api } = await app.signIn('customer');
    const [first, second] = [await createKey(api), await createKey(api)];
    expect(await keyIdsOf(withKey(first.key))).toEqual([second.id, first.id]);
    expect((await withKey(first.key).delete(`/v1/api-keys/${second.id}`)).status).toBe(204);
    expect((await withKey(first.key).delete(`/v1/api-keys/${first.id}`)).status).toBe(204);
    expect((await withKey(first.key).get('/v1/api-keys')).status).toBe(401);
    expect(await keyIdsOf(api)).toEqual([]);
  });

  it('makes keys with some of its own scopes, which last no longer', async () => {
    const [soon, later] = [inHours(1), inHours(2)];
    const parent = await createKey(manager.api, {
      scopes: ['products:read', 'orders:read'],
      expires_at: soon,
    });
    const api = withKey(parent.key);
    const wide = await api.post('/v1/api-keys', aKey({ scopes: ['products:write'], expires_at: soon }));
    expect(wide.body.errors).toMatchObject([{ pointer: '/scopes/0', code: 'scope_not_held' }]);
    for (const expires_at of [undefined, null, later]) {
      const { status, body } = await api.post('/v1/api-keys', aKey({ expires_at }));
      expect(status).toBe(422);
      expect(body.errors).toMatchObject([{ pointer: '/expires_at', code: 'outlives_key' }]);
    }
    const child = await createKey(api, { scopes: ['orders:read'], expires_at: soon });
    expect(child).toMatchObject({ expires_at: soon, scopes: ['orders:read'] });
    const forever = await createKey(manager.api);
    expect(await createKey(withKey(forever.key))).toMatchObject({ expires_at: null });
  });

  it('counts only where there is no Authorization', async () => {
    const { key } = await createKey(customer.api);
    const both = (token: string, given: string) =>
      app.anonymous.withToken(token).with({ 'x-api-key': given });
    expect((await both('broken', key).get('/v1/users/me')).status).toBe(401);
    expect((await both(manager.accessToken, 'broken').get('/v1/users/me')).body.id).toBe(manager.id);
    expect((await both(manager.accessToken, key).get('/v1/users/me')).body.id).toBe(manager.id);
  });

  it('is offered by the document beside the token, wherever one of them is needed', () => {
    const { paths, components } = JSON.parse(inject('openApiDocument')) as OpenApi;
    expect(components.securitySchemes.api_key).toMatchObject({
      type: 'apiKey',
      in: 'header',
      name: 'X-API-Key',
    });
    const securityOf = (path: string, method: string) => paths[path]?.[method]?.security;
    const both = (scopes: string[]) =>
      expect.arrayContaining([{ bearer: scopes }, { api_key: scopes }]) as unknown;
    expect(securityOf('/v1/products', 'post')).toEqual(both(['products:write']));
    expect(securityOf('/v1/users/me', 'get')).toEqual(both([]));
    expect(securityOf('/v1/auth/login', 'post')).toEqual([]);
  });
});

interface OpenApi {
  paths: Record<string, Record<string, { security: object[] }>>;
  components: { securitySchemes: Record<string, object> };
}

describe('the settings about accounts', () => {
  it('hold for keys too: an address must be verified, and what a session may not do it cannot pass on', async () => {
    const strict = await startTestApp({
      VERIFIED_EMAIL_SCOPES: 'orders:write,products:write',
      SECOND_FACTOR_ROLES: 'admin',
    });
    try {
      const { api, id } = await strict.signIn('manager');
      const { key } = await createKey(api, { scopes: ['products:write'] });
      const create = () => strict.anonymous.with({ 'x-api-key': key }).post('/v1/products', {});
      expect((await create()).body.code).toBe('email_not_verified');
      await strict.dataSource.query('UPDATE users SET email_verified = true WHERE id = $1', [id]);
      await expect.poll(async () => (await create()).status).toBe(422);
      const admin = await strict.signIn('admin');
      const { body } = await admin.api.post('/v1/api-keys', aKey());
      expect(body.errors).toMatchObject([{ pointer: '/scopes/0', code: 'scope_not_held' }]);
    } finally {
      await strict.close();
    }
  });
});
