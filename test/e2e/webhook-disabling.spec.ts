import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { mailsIn } from '../support/mailbox.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { answering, WebhookReceiver } from '../support/webhook-receiver.js';
import {
  attempted,
  createEndpoint,
  endpointPath,
  holdRetries,
  makeDue,
  PRIVATE_HOSTS,
  sendTest,
} from '../support/webhooks.js';
import { until } from '../support/until.js';

let app: TestApp;
let admin: SignedIn;
let receiver: WebhookReceiver;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stockroom-webhooks-'));
  app = await startTestApp({ ...PRIVATE_HOSTS, DATA_DIR: folder });
  admin = await app.signIn('admin');
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  receiver = await WebhookReceiver.start();
  holdRetries(app);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await app.dataSource.query('UPDATE webhook_endpoints SET deleted_at = now()');
  await receiver.stop();
});

async function stateOf(id: string) {
  const { body } = await admin.api.get(endpointPath(id));
  return [body['is_active'], body['disabled_reason']];
}

async function mailAbout(id: string) {
  const find = async () => (await mailsIn(folder)).find(({ text }) => text?.includes(id));
  await until(async () => (await find()) !== undefined);
  return find();
}

async function failingFor(interval: string): Promise<void> {
  await app.dataSource.query(`UPDATE webhook_endpoints SET failing_since = now() - $1::interval`, [interval]);
}

it('410 disables an endpoint at once, gives the delivery up, and tells the owner', async () => {
  receiver.answer = answering(410);
  const { id } = await createEndpoint(admin.api, { url: `${receiver.url}?key=hidden` });
  const test = await sendTest(admin.api, id);
  expect(await attempted(admin.api, test.id)).toMatchObject({ status: 'failed', next_attempt_at: null });
  expect(await stateOf(id)).toEqual([false, 'gone']);
  const mail = await mailAbout(id);
  expect(mail?.to).toMatchObject([{ address: admin.email }]);
  expect(mail?.text).toContain('410 Gone');
  expect(mail?.text).not.toContain('hidden');
  const events = await app.dataSource.query<object[]>(
    `SELECT type, actor_type, changes FROM events WHERE resource_id = $1 ORDER BY position DESC LIMIT 1`,
    [id],
  );
  expect(events).toEqual([
    {
      type: 'webhook_endpoint.disabled',
      actor_type: 'system',
      changes: { is_active: [true, false], disabled_reason: [null, 'gone'] },
    },
  ]);
});

it('Five days of nothing but failures disable an endpoint', async () => {
  receiver.answer = answering(500);
  const { id } = await createEndpoint(admin.api, { url: receiver.url });
  const test = await sendTest(admin.api, id);
  await attempted(admin.api, test.id);
  await failingFor('4 days 23 hours');
  await makeDue(app.dataSource);
  await attempted(admin.api, test.id, 2);
  expect(await stateOf(id)).toEqual([true, null]);
  await failingFor('5 days 1 minute');
  await makeDue(app.dataSource);
  await attempted(admin.api, test.id, 3);
  expect(await stateOf(id)).toEqual([false, 'failing']);
  expect((await mailAbout(id))?.text).toContain('five days');
});

it('What was pending when an endpoint was disabled is sent once it is active again', async () => {
  receiver.answer = answering(500);
  const { id } = await createEndpoint(admin.api, { url: receiver.url });
  const test = await sendTest(admin.api, id);
  await attempted(admin.api, test.id);
  await failingFor('6 days');
  await makeDue(app.dataSource);
  await attempted(admin.api, test.id, 2);
  receiver.answer = answering(204);
  await admin.api.patch(endpointPath(id), { is_active: true });
  await makeDue(app.dataSource);
  expect((await attempted(admin.api, test.id, 3)).status).toBe('succeeded');
  expect(await stateOf(id)).toEqual([true, null]);
});

it('One success lets the five days begin anew', async () => {
  const { id } = await createEndpoint(admin.api, { url: receiver.url });
  await failingFor('6 days');
  await attempted(admin.api, (await sendTest(admin.api, id)).id);
  receiver.answer = answering(500);
  await attempted(admin.api, (await sendTest(admin.api, id)).id);
  expect(await stateOf(id)).toEqual([true, null]);
});

it('410 of an address that it has left leaves an endpoint as it is', async () => {
  const { id } = await createEndpoint(admin.api, { url: receiver.url });
  const asked = Promise.withResolvers<() => void>();
  receiver.answer = (response) => asked.resolve(() => response.writeHead(410).end());
  const test = await sendTest(admin.api, id);
  const answer = await asked.promise;
  await admin.api.patch(endpointPath(id), { url: `${receiver.url}/new` });
  answer();
  expect((await attempted(admin.api, test.id)).status).toBe('failed');
  expect(await stateOf(id)).toEqual([true, null]);
});
