import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AttemptResult } from '../../src/webhooks/delivery-queue.repository.js';
import { HostAddresses } from '../../src/webhooks/host-addresses.service.js';
import { Sender } from '../../src/webhooks/sender.service.js';
import { aProduct } from '../support/products.js';
import { move } from '../support/stock.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { answering, WebhookReceiver } from '../support/webhook-receiver.js';
import type { Answer } from '../support/webhook-receiver.js';
import {
  attemptAgain,
  attempted,
  createEndpoint,
  endpointPath,
  HELD_MS,
  holdRetries,
  PRIVATE_HOSTS,
  sendTest,
} from '../support/webhooks.js';
import type { DeliveryBody } from '../support/webhooks.js';
import { until } from '../support/until.js';

const MEGABYTE = Buffer.alloc(1024 * 1024, 'x');

let app: TestApp;
let admin: SignedIn;
let receiver: WebhookReceiver;
/** How attempts ended. */
let ended: AttemptResult[];

beforeAll(async () => {
  app = await startTestApp({ ...PRIVATE_HOSTS, DATABASE_POOL_SIZE: '3' });
  admin = await app.signIn('admin');
});
afterAll(() => app.close());

beforeEach(async () => {
  receiver = await WebhookReceiver.start();
  ended = holdRetries(app);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await app.dataSource.query('UPDATE webhook_endpoints SET deleted_at = now()');
  await receiver.stop();
});

/** What is written down of a test that is answered like this. */
async function answered(answer: Answer, url = receiver.url): Promise<DeliveryBody> {
  receiver.answer = answer;
  const { id } = await createEndpoint(admin.api, { url });
  return attempted(admin.api, (await sendTest(admin.api, id)).id);
}

describe('a receiver', () => {
  it.each([200, 202, 204, 299])('that answers %i has taken it', async (status) => {
    const { status: state, attempts } = await answered(answering(status));
    expect(state).toBe('succeeded');
    expect(attempts).toMatchObject([{ status_code: status, error: null, response_excerpt: null }]);
  });

  it.each([400, 404, 429, 500, 503])('that answers %i is asked again, soon', async (status) => {
    const delivery = await answered((response) => response.writeHead(status).end('not now'));
    expect(delivery).toMatchObject({
      status: 'pending',
      attempts: [{ status_code: status, error: 'status', response_excerpt: 'not now' }],
    });
    const wait = ended[0]?.wait_ms ?? 0;
    expect(wait).toBeGreaterThan(3000);
    expect(wait).toBeLessThan(5000);
    const next = Date.parse(delivery.next_attempt_at ?? '') - HELD_MS - wait;
    expect(next).toBeGreaterThanOrEqual(Date.parse(delivery.attempts[0]?.at ?? ''));
    expect(next).toBeLessThanOrEqual(Date.now());
    receiver.answer = answering(200);
    await attemptAgain(app);
    const again = await attempted(admin.api, delivery.id, 2);
    expect(again).toMatchObject({ status: 'succeeded', next_attempt_at: null });
    expect(receiver.ids).toEqual([`msg_${delivery.id}`, `msg_${delivery.id}`]);
  });

  it('is asked ten times, each time later, and then given up until somebody retries it', async () => {
    const { id } = await answered(answering(500));
    for (let times = 2; times <= 10; times += 1) {
      await attemptAgain(app);
      const { attempts, next_attempt_at: next } = await attempted(admin.api, id, times);
      const wait = ended.at(-1)?.wait_ms ?? null;
      if (wait === null) expect(next).toBeNull();
      else
        expect(Date.parse(String(next)) - HELD_MS - wait).toBeGreaterThanOrEqual(
          Date.parse(attempts.at(-1)?.at ?? ''),
        );
    }
    const waits = ended.map(({ wait_ms: wait }) => wait);
    expect(waits).toHaveLength(10);
    expect(waits.pop()).toBeNull();
    // The last two waits are as long, give or take a tenth.
    const growing = waits.map(Number).slice(0, -1);
    expect(growing).toEqual(growing.toSorted((a, b) => a - b));
    expect(await attempted(admin.api, id)).toMatchObject({ status: 'failed', next_attempt_at: null });
    receiver.answer = answering(204);
    await admin.api.post(`/v1/webhook-deliveries/${id}/retry`);
    expect(await attempted(admin.api, id, 11)).toMatchObject({ status: 'succeeded' });
  });

  it.each([301, 302, 303, 307, 308])('that redirects with %i is not followed', async (status) => {
    const inside = await WebhookReceiver.start();
    const { attempts } = await answered(answering(status, { location: inside.url }));
    expect(attempts).toMatchObject([{ status_code: status, error: 'redirect' }]);
    expect(inside.received).toEqual([]);
    await inside.stop();
  });

  it('that closes the connection has not taken it', async () => {
    const { status, attempts } = await answered((response) => response.destroy());
    expect(status).toBe('pending');
    expect(attempts).toMatchObject([{ status_code: null, error: 'connection_broken' }]);
  });

  it('that is not there has not taken it', async () => {
    const { attempts } = await answered(answering(204), 'http://127.0.0.1:1/');
    expect(attempts).toMatchObject([{ status_code: null, error: 'connection_refused' }]);
  });

  it('that speaks no TLS is told apart', async () => {
    const url = receiver.url.replace('http:', 'https:');
    expect((await answered(answering(204), url)).attempts).toMatchObject([{ error: 'tls' }]);
  });

  it('whose name nobody knows has not taken it', async () => {
    vi.spyOn(app.app.get(HostAddresses), 'resolve').mockResolvedValue([]);
    const { attempts } = await answered(answering(204), 'http://shop.invalid/');
    expect(attempts).toMatchObject([{ error: 'host_not_found' }]);
  });

  it('that sends 100 MB is cut off, and has taken it', async () => {
    let sent = 0;
    const { status, attempts } = await answered((response) => {
      const write = () => {
        while (sent < 100 && !response.destroyed) {
          sent += 1;
          if (!response.write(MEGABYTE)) return;
        }
        response.end();
      };
      response.writeHead(200).on('drain', write);
      write();
    });
    expect(status).toBe('succeeded');
    expect(attempts).toMatchObject([{ status_code: 200, response_excerpt: 'x'.repeat(1024) }]);
    expect(sent).toBeLessThan(50);
  });

  it('that had closed a connection which was kept open gets it over a new one, at once', async () => {
    const seen = new Set<Socket>();
    receiver.answer = (response) => {
      const { socket } = response;
      if (!socket || seen.has(socket)) response.destroy();
      else response.writeHead(204).end();
      if (socket) seen.add(socket);
    };
    const { id } = await createEndpoint(admin.api, { url: receiver.url });
    await attempted(admin.api, (await sendTest(admin.api, id)).id);
    const { status, attempts } = await attempted(admin.api, (await sendTest(admin.api, id)).id);
    expect([status, attempts.length, receiver.received.length]).toEqual(['succeeded', 1, 3]);
  });
});

/** Has the patience of the sender with a receiver in hand: @returns what ends it, and how long it is each time. */
function holdPatience(url: string): { end: () => void; lengths: () => unknown[] } {
  const sender = app.app.get(Sender);
  const send = sender.send.bind(sender);
  const { setTimeout: start } = globalThis;
  const timers: { run: () => void; ms: unknown }[] = [];
  vi.spyOn(sender, 'send').mockImplementation((outgoing) => {
    if (outgoing.url !== url) return send(outgoing);
    // It is started before the sender waits for anything else.
    const spy = vi.spyOn(globalThis, 'setTimeout').mockImplementation((run: () => void, ms: unknown) => {
      timers.push({ run, ms });
      return start(() => undefined);
    });
    const sending = send(outgoing);
    spy.mockRestore();
    return sending;
  });
  return { end: () => timers.forEach(({ run }) => run()), lengths: () => timers.map(({ ms }) => ms) };
}

describe('a receiver that hangs', () => {
  it('holds up neither others nor requests, and has not taken anything after ten seconds', async () => {
    const { id: productId } = (await admin.api.post('/v1/products', aProduct())).body;
    const dead = await WebhookReceiver.start();
    dead.answer = () => undefined;
    const patience = holdPatience(dead.url);
    const event_types = ['stock.moved'];
    const { id: deadId } = await createEndpoint(admin.api, { url: dead.url, event_types });
    const { id: livingId } = await createEndpoint(admin.api, { url: receiver.url, event_types });
    for (let n = 0; n < 40; n += 1) await move(admin.api, productId, 1);
    await receiver.until(40);
    // As many as an endpoint may have in flight.
    expect((await dead.until(32)).length).toBe(32);
    const { body } = await admin.api.get(`${endpointPath(livingId)}/deliveries?limit=100`);
    expect(body.data).toHaveLength(40);
    const find = async () =>
      (await admin.api.get(`${endpointPath(deadId)}/deliveries?limit=100`)).body.data as DeliveryBody[];
    expect((await find()).flatMap(({ attempts }) => attempts)).toEqual([]);
    expect(patience.lengths()).toEqual(Array.from({ length: 32 }, () => 10_000));
    patience.end();
    await until(async () => (await find()).some(({ attempts }) => attempts.length > 0));
    const tried = (await find()).filter(({ attempts }) => attempts.length > 0);
    expect(tried[0]).toMatchObject({
      status: 'pending',
      attempts: [{ error: 'timeout', status_code: null }],
    });
    await dead.stop();
  });
});
