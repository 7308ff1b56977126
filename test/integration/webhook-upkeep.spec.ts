import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebhookDeliveriesService } from '../../src/webhooks/webhook-deliveries.service.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { answering, WebhookReceiver } from '../support/webhook-receiver.js';
import { attempted, createEndpoint, holdRetries, PRIVATE_HOSTS, sendTest } from '../support/webhooks.js';

const DAY = 24 * 60 * 60 * 1000;

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

it('Deliveries are kept for 30 days, whatever became of them', async () => {
  const { id } = await createEndpoint(admin.api, { is_active: false });
  for (const [days, count] of [
    [29.9, 3],
    [30.1, 1200],
  ] as const) {
    const created = new Date(Date.now() - days * DAY);
    const ids = Array.from({ length: count }, () => uuidv7({ msecs: created.getTime() }));
    await app.dataSource.query(
      `INSERT INTO webhook_deliveries (id, endpoint_id, event_type, payload, next_attempt_at, created_at)
       SELECT unnest($1::uuid[]), $2, 'user.created', '{}', now(), $3`,
      [ids, id, created],
    );
  }
  await app.app.get(WebhookDeliveriesService).removeExpired({ signal: new AbortController().signal });
  const [row] = await app.dataSource.query<{ left: number }[]>(
    'SELECT count(*)::int AS left FROM webhook_deliveries',
  );
  expect(row?.left).toBe(3);
});

it('Metrics count the attempts by outcome, and tell what waits and for how long', async () => {
  holdRetries(app);
  const { id } = await createEndpoint(admin.api, { url: receiver.url });
  await attempted(admin.api, (await sendTest(admin.api, id)).id);
  receiver.answer = answering(500);
  await attempted(admin.api, (await sendTest(admin.api, id)).id);
  receiver.answer = answering(410);
  await attempted(admin.api, (await sendTest(admin.api, id)).id);
  const metrics = async () => (await app.anonymous.get('/metrics')).text;
  // Others may see in the database how an attempt ended a moment before the service has counted it.
  for (const outcome of ['succeeded', 'retried', 'failed'])
    await expect.poll(metrics).toContain(`stockroom_webhook_deliveries_total{outcome="${outcome}"} 1`);
  const text = await metrics();
  expect(text).toMatch(/^stockroom_webhook_deliveries_pending \d+$/m);
  expect(text).toMatch(/^stockroom_webhook_oldest_due_seconds [\d.e-]+$/m);
});
