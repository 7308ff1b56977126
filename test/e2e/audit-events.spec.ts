import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import type { Any, ApiClient, ApiResponse } from '../support/api-client.js';
import { createProduct } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

const PATH = '/v1/audit-events';

let app: TestApp;
let manager: SignedIn;
let admin: SignedIn;
let api: ApiClient;

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
  admin = await app.signIn('admin');
  ({ api } = admin);
});
afterAll(() => app.close());

const traceparent = (traceId: string) => `00-${traceId}-00f067aa0ba902b7-01`;

/** All pages of a list, by their links. */
async function walk(query: string): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const { body }: ApiResponse<Any> = await api.get(`${PATH}?${query}${cursor && `&cursor=${cursor}`}`);
    rows.push(...body.data);
    cursor = body.next_cursor;
  }
  return rows;
}

describe('GET /v1/audit-events', () => {
  it('tells who did what, when, by which request, and what it changed', async () => {
    const product = await createProduct(manager.api);
    const traceId = randomUUID().replaceAll('-', '');
    await manager.api.patch(
      `/v1/products/${product.id}`,
      { price: 22.5 },
      { traceparent: traceparent(traceId) },
    );
    const { status, headers, body } = await api.get(`${PATH}?resource_id=${product.id}`);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('private, no-cache');
    expect(body.data).toMatchObject([
      {
        action: 'product.updated',
        actor_type: 'user',
        actor_id: manager.id,
        resource_type: 'product',
        resource_id: product.id,
        changes: { price: [24.9, 22.5] },
        trace_id: traceId,
      },
      { action: 'product.created', actor_id: manager.id, changes: null },
    ]);
    const [updated, created] = body.data as [Record<string, unknown>, Record<string, unknown>];
    expect(Number(updated['position'])).toBeGreaterThan(Number(created['position']));
    expect(Object.keys(updated)).toEqual([
      'id',
      'position',
      'action',
      'actor_type',
      'actor_id',
      'resource_type',
      'resource_id',
      'changes',
      'trace_id',
      'created_at',
    ]);
  });

  it('knows what an API key did from what its owner did', async () => {
    const key = await manager.api.post('/v1/api-keys', { name: 'Import', scopes: ['products:write'] });
    const byKey = app.anonymous.with({ 'x-api-key': String(key.body['key']) });
    const product = await createProduct(byKey);
    const { body } = await api.get(`${PATH}?actor_id=${key.body.id}`);
    expect(body.data).toMatchObject([{ actor_type: 'api_key', resource_id: product.id }]);
  });

  it('filters by each field, and by all of them together', async () => {
    const before = new Date(Date.now() - 1);
    const product = await createProduct(manager.api);
    await manager.api.delete(`/v1/products/${product.id}`);
    const actions = async (query: string) =>
      (await walk(`${query}&sort=created_at&created_after=${before.toISOString()}`)).map(
        ({ action }) => action,
      );
    const both = ['product.created', 'product.deleted'];
    expect(await actions(`actor_id=${manager.id}`)).toEqual(both);
    expect(await actions(`actor_id=${randomUUID()}`)).toEqual([]);
    expect(await actions('action=product.deleted')).toEqual(['product.deleted']);
    expect(await actions('resource_type=product')).toEqual(both);
    expect(await actions('resource_type=stock')).toEqual([]);
    expect(await actions(`resource_id=${product.id}`)).toEqual(both);
    expect(await actions('created_before=2020-01-01T00:00:00Z')).toEqual([]);
    expect(
      await actions(
        `actor_id=${manager.id}&action=product.created&resource_type=product&resource_id=${product.id}`,
      ),
    ).toEqual(['product.created']);
  });

  it.each(['created_at', '-created_at'])('walks through pages by %s, each event once', async (sort) => {
    const { id } = await createProduct(manager.api);
    for (let price = 1; price <= 12; price += 1) await manager.api.patch(`/v1/products/${id}`, { price });
    const whole = await walk(`resource_id=${id}&limit=100&sort=${sort}`);
    expect(whole).toHaveLength(13);
    expect(await walk(`resource_id=${id}&limit=5&sort=${sort}`)).toEqual(whole);
    const positions = whole.map(({ position }) => Number(position));
    const oldestFirst = positions.toSorted((a, b) => a - b);
    expect(positions).toEqual(sort === 'created_at' ? oldestFirst : oldestFirst.toReversed());
  });

  it.each([
    ['actor_id=me', 'actor_id'],
    ['action=product.sold', 'action'],
    ['resource_type=secret', 'resource_type'],
    ['resource_id=1', 'resource_id'],
    ['created_after=yesterday', 'created_after'],
    ['sort=position', 'sort'],
    ['trace_id=1', 'trace_id'],
  ])('refuses %s', async (query, parameter) => {
    const { status, body } = await api.get(`${PATH}?${query}`);
    expect(status).toBe(422);
    expect(body.errors).toMatchObject([{ parameter }]);
  });

  it.each([
    ['text/csv', (text: string) => text.trim().split('\r\n').slice(1).length],
    ['application/x-ndjson', (text: string) => text.trim().split('\n').length],
  ])('is exported whole as %s', async (accept, count) => {
    const { id } = await createProduct(manager.api);
    for (let price = 1; price <= 3; price += 1) await manager.api.patch(`/v1/products/${id}`, { price });
    const { status, headers, text } = await api.get(`${PATH}?resource_id=${id}`, { accept });
    expect(status).toBe(200);
    expect(headers.get('content-disposition')).toMatch(/filename="audit-events-/);
    expect(count(text)).toBe(4);
    expect(text).toContain(accept === 'text/csv' ? '"{""price"":[2,3]}"' : '"changes":{"price":[2,3]}');
  });

  it('holds no secret, whatever was done with one', async () => {
    const password = 'a new passphrase for the tests';
    await manager.api.put('/v1/users/me/password', {
      current_password: 'a passphrase for the tests',
      password,
    });
    const text = JSON.stringify(await walk('limit=100'));
    expect(text).not.toMatch(/passphrase|argon2|"sr_|hash|token/);
  });
});

describe('GET /v1/audit-events/{id}', () => {
  it('is the event of the list, with an ETag that stays', async () => {
    const { body } = await api.get(`${PATH}?limit=1`);
    const event = body.data[0] ?? {};
    const found = await api.get(`${PATH}/${String(event['id'])}`);
    expect(found.body).toEqual(event);
    const etag = String(found.headers.get('etag'));
    expect((await api.get(`${PATH}/${String(event['id'])}`, { 'if-none-match': etag })).status).toBe(304);
  });

  it.each(['nothing', randomUUID(), uuidv7(), 'ffffffff-ffff-7fff-bfff-ffffffffffff'])(
    'is 404 for %s',
    async (id) => expect((await api.get(`${PATH}/${id}`)).status).toBe(404),
  );

  it('can be neither changed nor deleted', async () => {
    const { status, headers } = await api.delete(`${PATH}/${uuidv7()}`);
    expect(status).toBe(405);
    expect(headers.get('allow')).toBe('GET, HEAD');
  });
});
