import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { verified, WebhookReceiver } from '../support/webhook-receiver.js';
import type { Received } from '../support/webhook-receiver.js';
import { attempted, createEndpoint, endpointPath, PRIVATE_HOSTS, sendTest } from '../support/webhooks.js';
import type { EndpointBody } from '../support/webhooks.js';

let app: TestApp;
let admin: SignedIn;
let receiver: WebhookReceiver;

beforeAll(async () => {
  receiver = await WebhookReceiver.start();
  app = await startTestApp(PRIVATE_HOSTS);
  admin = await app.signIn('admin');
});
afterAll(async () => {
  await app.close();
  await receiver.stop();
});

async function rotate(id: string): Promise<string> {
  const { status, body, headers } = await admin.api.post<EndpointBody>(
    `${endpointPath(id)}/secret-rotations`,
  );
  expect([status, headers.get('cache-control')]).toEqual([201, 'no-store']);
  expect(headers.get('location')).toBe(endpointPath(id));
  return body.secret;
}

async function nextMessage(id: string): Promise<Received> {
  const { id: deliveryId } = await sendTest(admin.api, id);
  await attempted(admin.api, deliveryId);
  const message = receiver.received.at(-1);
  if (!message) throw new Error('There is none');
  return message;
}

const signaturesOf = ({ headers }: Received) => String(headers['webhook-signature']).split(' ');

it('A rotated secret signs, and for a day so does the one before it, but none that is older', async () => {
  const { id, secret: first } = await createEndpoint(admin.api, { url: receiver.url });
  expect(signaturesOf(await nextMessage(id))).toHaveLength(1);

  const second = await rotate(id);
  const both = await nextMessage(id);
  expect(signaturesOf(both)).toHaveLength(2);
  for (const secret of [first, second]) expect(verified(secret, both).type).toBe('webhook.ping');

  const third = await rotate(id);
  const later = await nextMessage(id);
  for (const secret of [second, third]) expect(verified(secret, later).type).toBe('webhook.ping');
  expect(() => verified(first, later)).toThrow('No matching signature');

  const [{ hours } = { hours: 0 }] = await app.dataSource.query<{ hours: number }[]>(
    `SELECT extract(epoch FROM old_secret_expires_at - now())::float8 / 3600 AS hours FROM webhook_endpoints`,
  );
  expect(hours).toBeGreaterThan(23.9);
  expect(hours).toBeLessThanOrEqual(24);
  await app.dataSource.query(`UPDATE webhook_endpoints SET old_secret_expires_at = now()`);
  const last = await nextMessage(id);
  expect(signaturesOf(last)).toHaveLength(1);
  expect(() => verified(second, last)).toThrow('No matching signature');
  expect(verified(third, last).type).toBe('webhook.ping');
});

it('A rotation is recorded without the secret, and changes the ETag', async () => {
  const { id } = await createEndpoint(admin.api, { url: receiver.url });
  const before = (await admin.api.get(endpointPath(id))).headers.get('etag');
  const secret = await rotate(id);
  expect((await admin.api.get(endpointPath(id))).headers.get('etag')).not.toBe(before);
  const events = await app.dataSource.query<{ type: string }[]>(
    `SELECT * FROM events WHERE resource_id = $1 ORDER BY position`,
    [id],
  );
  expect(events.map(({ type }) => type)).toEqual([
    'webhook_endpoint.created',
    'webhook_endpoint.secret_rotated',
  ]);
  expect(JSON.stringify(events)).not.toContain(secret.slice(6));
});

it('A secret that cannot be opened any more is the endpoint’s failure, not that of others', async () => {
  const broken = await createEndpoint(admin.api, { url: receiver.url });
  const { id } = await createEndpoint(admin.api, { url: receiver.url });
  await app.dataSource.query(
    `UPDATE webhook_endpoints SET sealed_secret = (SELECT sealed_secret FROM webhook_endpoints WHERE id = $2) WHERE id = $1`,
    [broken.id, id],
  );
  const test = await sendTest(admin.api, broken.id);
  expect((await attempted(admin.api, test.id)).attempts).toMatchObject([{ error: 'secret_unreadable' }]);
  await nextMessage(id);
});
