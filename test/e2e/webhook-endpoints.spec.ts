import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { walk } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { anEndpoint, createEndpoint, endpointPath } from '../support/webhooks.js';
import type { EndpointBody } from '../support/webhooks.js';

const PATH = '/v1/webhook-endpoints';
const FIELDS = 'id url description event_types is_active disabled_reason created_at updated_at';

let app: TestApp;
let admin: SignedIn;

beforeAll(async () => {
  app = await startTestApp();
  admin = await app.signIn('admin');
});
afterAll(() => app.close());
afterEach(() => app.dataSource.query('UPDATE webhook_endpoints SET deleted_at = now()'));

async function eventsOf(id: string) {
  return app.dataSource.query<{ type: string; changes: object | null; actor_id: string }[]>(
    'SELECT type, changes, details, actor_id FROM events WHERE resource_id = $1 ORDER BY position',
    [id],
  );
}

describe('POST /v1/webhook-endpoints', () => {
  it('answers the secret, this once, in an answer that nobody may keep', async () => {
    const { status, headers, body } = await admin.api.post<EndpointBody>(PATH, anEndpoint());
    expect(status).toBe(201);
    expect(Object.keys(body).join(' ')).toBe(`${FIELDS} secret`);
    expect(body).toMatchObject({ description: null, is_active: true, disabled_reason: null });
    expect(body.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('location')).toBe(endpointPath(body.id));
    const { secret, ...rest } = body;
    const there = await admin.api.get(endpointPath(body.id));
    expect(there.body).toEqual(rest);
    expect(there.headers.get('etag')).toBe(headers.get('etag'));
    const rows = await app.dataSource.query<object[]>('SELECT * FROM webhook_endpoints');
    const events = await eventsOf(body.id);
    expect(events).toMatchObject([{ type: 'webhook_endpoint.created', actor_id: admin.id }]);
    for (const text of [there.text, JSON.stringify(rows), JSON.stringify(events)])
      expect(text).not.toContain(secret.slice(6));
  });

  it('creates one for an Idempotency-Key, and answers its secret again', async () => {
    const key = { 'idempotency-key': 'endpoint-1' };
    const first = await admin.api.post<EndpointBody>(PATH, anEndpoint(), key);
    const second = await admin.api.post<EndpointBody>(PATH, anEndpoint(), key);
    expect(second.text).toBe(first.text);
    expect(second.headers.get('cache-control')).toBe('no-store');
    expect((await admin.api.get(PATH)).body.data).toHaveLength(1);
  });

  it.each([
    ['/url', 'scheme', { url: 'http://shop.example.com/' }],
    ['/url', 'address_not_allowed', { url: 'https://127.0.0.1/' }],
    ['/url', 'address_not_allowed', { url: 'https://localhost/' }],
    ['/url', 'address_not_allowed', { url: 'https://[fd00:ec2::254]/' }],
    ['/url', 'address_not_allowed', { url: 'https://169.254.169.254/' }],
    ['/url', 'credentials', { url: 'https://a:b@shop.example.com/' }],
    ['/url', 'url', { url: 'shop' }],
    ['/url', 'length', { url: `https://shop.example.com/${'x'.repeat(2048)}` }],
    ['/url', 'type', { url: 5 }],
    ['/event_types', 'size', { event_types: [] }],
    ['/event_types', 'unique', { event_types: ['*', '*'] }],
    ['/event_types', 'enum', { event_types: ['order.eaten'] }],
    ['/event_types', 'enum', { event_types: ['webhook.ping'] }],
    ['/event_types', 'type', { event_types: '*' }],
    ['/description', 'length', { description: 'x'.repeat(501) }],
    ['/is_active', 'type', { is_active: 'yes' }],
    ['/secret', 'unknown_field', { secret: 'whsec_' }],
  ])('refuses a fault in %s: %s', async (pointer, code, fields) => {
    const { status, body } = await admin.api.post(PATH, anEndpoint(fields));
    expect([status, body.code]).toEqual([422, 'validation_failed']);
    expect(body.errors).toContainEqual(expect.objectContaining({ pointer }));
    expect(body.errors?.map((error) => error.code)).toContain(code);
  });

  it('lets there be 100 of them', async () => {
    await app.dataSource.query(
      `INSERT INTO webhook_endpoints (version, id, url, event_types, sealed_secret, starts_behind, created_by)
       SELECT 1, gen_random_uuid(), 'https://example.com', '{*}', 'v1', 0, $1 FROM generate_series(1, 98)`,
      [admin.id],
    );
    const created = await Promise.all([1, 2, 3, 4].map(() => admin.api.post(PATH, anEndpoint())));
    expect(created.map(({ status }) => status).sort()).toEqual([201, 201, 409, 409]);
    expect(await walk(admin.api, `${PATH}?limit=30`)).toHaveLength(100);
  });
});

describe('PATCH /v1/webhook-endpoints/{id}', () => {
  it('changes what is sent, and records it without the path of a URL', async () => {
    const { id } = await createEndpoint(admin.api, { description: 'Shop' });
    const before = (await admin.api.get(endpointPath(id))).body;
    const sent = { url: 'https://new.example.com/T0/secret', event_types: ['stock.moved'] };
    const { status, body } = await admin.api.patch(endpointPath(id), sent);
    expect(status).toBe(200);
    expect(body).toEqual({ ...before, ...sent, updated_at: body['updated_at'] });
    const [, updated] = await eventsOf(id);
    expect(updated).toMatchObject({
      type: 'webhook_endpoint.updated',
      changes: {
        url: ['https://shop.example.com', 'https://new.example.com'],
        event_types: [['import.failed'], ['stock.moved']],
      },
    });
    expect((await admin.api.patch(endpointPath(id), { description: null })).body['description']).toBeNull();
  });

  it('refuses a URL that a new endpoint could not have, and a version that is over', async () => {
    const { id } = await createEndpoint(admin.api);
    const etag = String((await admin.api.get(endpointPath(id))).headers.get('etag'));
    const path = endpointPath(id);
    expect((await admin.api.patch(path, { url: 'https://10.0.0.1/' })).body.errors).toMatchObject([
      { pointer: '/url', code: 'address_not_allowed' },
    ]);
    expect((await admin.api.patch(path, { is_active: false }, { 'if-match': etag })).status).toBe(200);
    expect((await admin.api.patch(path, { is_active: true }, { 'if-match': etag })).status).toBe(412);
    expect((await admin.api.get(path)).body['is_active']).toBe(false);
  });

  it('switches a disabled one on again', async () => {
    const { id } = await createEndpoint(admin.api);
    await app.dataSource.query(
      `UPDATE webhook_endpoints SET is_active = false, disabled_reason = 'gone', failing_since = now()`,
    );
    expect((await admin.api.get(endpointPath(id))).body).toMatchObject({ disabled_reason: 'gone' });
    const { body } = await admin.api.patch(endpointPath(id), { is_active: true });
    expect(body).toMatchObject({ is_active: true, disabled_reason: null });
    expect((await eventsOf(id)).at(-1)?.changes).toEqual({
      is_active: [false, true],
      disabled_reason: ['gone', null],
    });
  });
});

describe('DELETE /v1/webhook-endpoints/{id}', () => {
  it('takes it away, unless it has changed', async () => {
    const { id } = await createEndpoint(admin.api);
    const stale = { 'if-match': '"v7"' };
    expect((await admin.api.delete(endpointPath(id), stale)).status).toBe(412);
    expect((await admin.api.delete(endpointPath(id))).status).toBe(204);
    for (const send of [
      admin.api.get(endpointPath(id)),
      admin.api.patch(endpointPath(id), { is_active: true }),
      admin.api.delete(endpointPath(id)),
      admin.api.post(`${endpointPath(id)}/secret-rotations`),
      admin.api.post(`${endpointPath(id)}/test-events`),
    ])
      expect((await send).status).toBe(404);
    expect((await admin.api.get(PATH)).body.data).toEqual([]);
    expect((await eventsOf(id)).map(({ type }) => type)).toEqual([
      'webhook_endpoint.created',
      'webhook_endpoint.deleted',
    ]);
  });
});
