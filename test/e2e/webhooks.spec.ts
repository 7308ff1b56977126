import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { aProduct, walk } from '../support/products.js';
import { move } from '../support/stock.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { verified, WebhookReceiver } from '../support/webhook-receiver.js';
import {
  attempted,
  createEndpoint,
  endpointPath,
  getDelivery,
  PRIVATE_HOSTS,
  sendTest,
} from '../support/webhooks.js';
import type { DeliveryBody, EndpointBody } from '../support/webhooks.js';

const FIELDS = 'id endpoint_id event_id event_type status attempts next_attempt_at created_at';

let app: TestApp;
let admin: SignedIn;
let receiver: WebhookReceiver;
let productId: string;

beforeAll(async () => {
  app = await startTestApp(PRIVATE_HOSTS);
  admin = await app.signIn('admin');
  productId = (await admin.api.post('/v1/products', aProduct())).body.id;
});
afterAll(() => app.close());

beforeEach(async () => {
  receiver = await WebhookReceiver.start();
});
afterEach(async () => {
  await app.dataSource.query('UPDATE webhook_endpoints SET deleted_at = now()');
  await receiver.stop();
});

const listen = (fields: object = {}): Promise<EndpointBody> =>
  createEndpoint(admin.api, { url: receiver.url, event_types: ['stock.moved'], ...fields });

describe('an event', () => {
  it('is sent to who wants to hear of it, signed so that the reference library finds it genuine', async () => {
    const { secret } = await listen();
    const movement = await move(admin.api, productId, 7);
    const [message] = await receiver.until(1);
    if (!message) throw new Error('There is none');
    expect(verified(secret, message)).toEqual({
      type: 'stock.moved',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      data: expect.objectContaining({
        actor_type: 'user',
        actor_id: admin.id,
        resource_type: 'stock',
        resource_id: productId,
        truncated: false,
      }) as object,
    });
    expect(message.body).toContain(movement.id);
    expect(message.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': expect.stringMatching(/^msg_[0-9a-f-]{36}$/) as string,
      'webhook-timestamp': expect.stringMatching(/^\d{10}$/) as string,
      'webhook-signature': expect.stringMatching(/^v1,[A-Za-z0-9+/]{43}=$/) as string,
    });
    const forged = { ...message, body: message.body.replace('"stock"', '"stack"') };
    expect(() => verified(secret, forged)).toThrow('No matching signature');
  });

  it('is sent once to each endpoint, with an id for each', async () => {
    const endpoints = [await listen(), await listen({ event_types: ['*'] })];
    await move(admin.api, productId, 1);
    const messages = await receiver.until(2);
    expect(new Set(receiver.ids).size).toBe(2);
    expect(new Set(messages.map(({ body }) => body)).size).toBe(1);
    for (const { id } of endpoints) {
      const { body } = await admin.api.get(`${endpointPath(id)}/deliveries`);
      expect(body.data).toHaveLength(1);
    }
  });

  it('is not sent to who wants to hear of others, is not active, is gone, or came later', async () => {
    await listen({ event_types: ['user.registered', 'import.failed'] });
    await listen({ is_active: false });
    const { id } = await listen();
    await admin.api.delete(endpointPath(id));
    await move(admin.api, productId, 1);
    const late = await listen({ url: `${receiver.url}/late` });
    await move(admin.api, productId, 2);
    const [message] = await receiver.until(1);
    expect(message?.path).toBe('/hook/late');
    const { body } = await admin.api.get(`${endpointPath(late.id)}/deliveries`);
    expect(body.data).toHaveLength(1);
  });

  it('of many at once leaves none out', async () => {
    await listen();
    await Promise.all(Array.from({ length: 50 }, () => move(admin.api, productId, 1)));
    await receiver.until(50);
    const events = await app.dataSource.query<{ id: string }[]>(
      `SELECT id FROM events WHERE type = 'stock.moved' ORDER BY position DESC LIMIT 50`,
    );
    const sent = receiver.received.map(({ body }) => (JSON.parse(body) as { data: { id: string } }).data.id);
    expect(sent.sort()).toEqual(events.map(({ id }) => id).sort());
  });
});

describe('a delivery', () => {
  it('tells what was answered, has an ETag, and can be found by its state and type', async () => {
    receiver.answer = (response) => response.writeHead(202, { 'x-a': 'b' }).end('thank you');
    const { id } = await listen();
    const { id: otherId } = await listen();
    await move(admin.api, productId, 1);
    await receiver.until(2);
    const { body } = await admin.api.get(`${endpointPath(id)}/deliveries?event_type=stock.moved`);
    const [listed] = body.data as DeliveryBody[];
    expect(Object.keys(listed ?? {}).join(' ')).toBe(FIELDS);
    const delivery = await attempted(admin.api, listed?.id ?? '');
    expect(delivery).toMatchObject({
      endpoint_id: id,
      event_type: 'stock.moved',
      status: 'succeeded',
      next_attempt_at: null,
      attempts: [{ status_code: 202, error: null, response_excerpt: 'thank you' }],
    });
    expect(receiver.ids).toContain(`msg_${delivery.id}`);
    const { headers } = await admin.api.get(`/v1/webhook-deliveries/${delivery.id}`);
    const known = { 'if-none-match': String(headers.get('etag')) };
    expect((await admin.api.get(`/v1/webhook-deliveries/${delivery.id}`, known)).status).toBe(304);
    const find = async (query: string) =>
      (await admin.api.get(`${endpointPath(id)}/deliveries?${query}`)).body.data;
    expect(await find('status=succeeded&event_type=stock.moved')).toHaveLength(1);
    expect(await find('status=failed')).toEqual([]);
    expect(await find('event_type=user.created')).toEqual([]);
    expect((await admin.api.get(`${endpointPath(otherId)}/deliveries`)).body.data).toHaveLength(1);
  });

  it.each(['status=lost', 'event_type=nonsense', 'sort=created_at'])(
    'refuses the filter %s',
    async (query) => {
      const { id } = await listen();
      expect((await admin.api.get(`${endpointPath(id)}/deliveries?${query}`)).status).toBe(422);
    },
  );

  it('is listed page by page', async () => {
    const { id } = await listen();
    for (let n = 0; n < 5; n += 1) await move(admin.api, productId, 1);
    await receiver.until(5);
    const seen = (await walk(admin.api, `${endpointPath(id)}/deliveries?limit=2`)).map((row) => row.id);
    expect(seen).toHaveLength(5);
    expect([...new Set(seen)].sort().reverse()).toEqual(seen);
  });

  it('can be made once more by hand, under the same id, also if it has succeeded', async () => {
    const { id } = await listen();
    const test = await sendTest(admin.api, id);
    await attempted(admin.api, test.id);
    const { status, headers, body } = await admin.api.post(`/v1/webhook-deliveries/${test.id}/retry`);
    expect([status, headers.get('location')]).toEqual([202, `/v1/webhook-deliveries/${test.id}`]);
    expect(body).toMatchObject({ id: test.id, status: 'pending' });
    const again = await attempted(admin.api, test.id, 2);
    expect(again.status).toBe('succeeded');
    expect(receiver.ids).toEqual([`msg_${test.id}`, `msg_${test.id}`]);
    expect(receiver.received[1]?.body).toBe(receiver.received[0]?.body);
  });

  it('cannot be made to an endpoint that is switched off, or is gone', async () => {
    const { id } = await listen();
    const test = await sendTest(admin.api, id);
    await attempted(admin.api, test.id);
    await admin.api.patch(endpointPath(id), { is_active: false });
    expect((await admin.api.post(`/v1/webhook-deliveries/${test.id}/retry`)).body.code).toBe('conflict');
    expect((await admin.api.post(`${endpointPath(id)}/test-events`)).body.code).toBe('conflict');
    await admin.api.delete(endpointPath(id));
    expect((await admin.api.post(`/v1/webhook-deliveries/${test.id}/retry`)).status).toBe(404);
    expect((await admin.api.get(`/v1/webhook-deliveries/${test.id}`)).status).toBe(404);
    expect((await admin.api.get(`${endpointPath(id)}/deliveries`)).status).toBe(404);
  });
});

describe('POST /v1/webhook-endpoints/{id}/test-events', () => {
  it('sends a message of its own type, whatever the endpoint listens to', async () => {
    const { id, secret } = await listen();
    const { status, headers, body } = await admin.api.post<DeliveryBody>(`${endpointPath(id)}/test-events`);
    expect([status, headers.get('location')]).toEqual([202, `/v1/webhook-deliveries/${body.id}`]);
    expect(body).toMatchObject({
      event_id: null,
      event_type: 'webhook.ping',
      status: 'pending',
      attempts: [],
    });
    const [message] = await receiver.until(1);
    if (!message) throw new Error('There is none');
    expect(verified(secret, message)).toMatchObject({ type: 'webhook.ping', data: { endpoint_id: id } });
    const query = `${endpointPath(id)}/deliveries?event_type=webhook.ping`;
    expect((await admin.api.get(query)).body.data).toHaveLength(1);
    expect((await getDelivery(admin.api, body.id)).event_id).toBeNull();
  });

  it('sends one for an Idempotency-Key, however often that comes', async () => {
    const { id } = await listen();
    const key = { 'idempotency-key': `test-${id}` };
    const first = await admin.api.post(`${endpointPath(id)}/test-events`, undefined, key);
    const second = await admin.api.post(`${endpointPath(id)}/test-events`, undefined, key);
    expect(second.text).toBe(first.text);
    await attempted(admin.api, first.body.id);
    expect(receiver.ids).toHaveLength(1);
  });
});
