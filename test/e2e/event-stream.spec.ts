import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Transactions } from '../../src/platform/database/transactions.js';
import { EventLog } from '../../src/platform/events/event-log.js';
import { MOST_STREAMS } from '../../src/http/event-streams/event-streams.service.js';
import { openStream } from '../support/event-stream.js';
import type { OpenStream } from '../support/event-stream.js';
import { createProduct } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { nowSeconds, resign } from '../support/tokens.js';
import { until } from '../support/until.js';

const PATH = '/v1/events/stream';

let app: TestApp;
let manager: SignedIn;
let streams: OpenStream[];

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
});
afterAll(() => app.close());
beforeEach(() => {
  streams = [];
});
afterEach(() => {
  for (const stream of streams) stream.leave();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** From now on, neither a heartbeat comes nor is a stream looked at again by itself. */
const holdChecks = () => vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function open(headers: Record<string, string> = {}): Promise<OpenStream> {
  const stream = await openStream(app.url, { ...bearer(manager.accessToken), ...headers });
  streams.push(stream);
  return stream;
}

async function append(count: number): Promise<void> {
  await app.app.get(Transactions).run(async (tx) => {
    for (let n = 0; n < count; n += 1)
      await app.app.get(EventLog).append(tx, { type: 'stock.moved', resourceId: null, details: { n } });
  });
}

describe('GET /v1/events/stream', () => {
  it('sends each event from now on, as the audit API shows it', async () => {
    await createProduct(manager.api);
    const stream = await open({ accept: 'text/event-stream' });
    const { id } = await createProduct(manager.api);
    await manager.api.delete(`/v1/products/${id}`);
    const [created, deleted] = await stream.atLeast(2);
    expect([created?.event, deleted?.event]).toEqual(['product.created', 'product.deleted']);
    const shown = await manager.api.get(`/v1/audit-events/${String(created?.data['id'])}`);
    expect(created).toEqual({
      id: String(shown.body['position']),
      event: 'product.created',
      data: shown.body,
    });
    expect(stream.messages).toHaveLength(2);
  });

  it('is not kept or held back on its way, and says when to come back', async () => {
    holdChecks();
    const stream = await open();
    expect(stream.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    expect(stream.headers).not.toHaveProperty('content-encoding');
    await append(1);
    await stream.atLeast(1);
    expect(stream.raw()).toMatch(/^retry: 2000\n\nid: \d+\nevent: stock\.moved\ndata: \{.*\}\n\n$/);
  });

  it('goes on right behind the event that its client has, however much that is', async () => {
    const first = await open();
    await append(3);
    const [, second] = await first.atLeast(3);
    first.leave();
    await append(1200);
    const back = await open({ 'last-event-id': String(second?.id) });
    const messages = await back.atLeast(1201);
    await append(1);
    await back.atLeast(1202);
    const positions = messages.map(({ id }) => Number(id));
    expect(positions).toEqual(Array.from({ length: 1202 }, (_, n) => Number(second?.id) + 1 + n));
  });

  it.each(['x', '-1', '', '1.5', '99999999999999999999', '9223372036854775807'])(
    'refuses %j as Last-Event-ID',
    async (id) => {
      const { status, body } = await manager.api.get(PATH, { 'last-event-id': id });
      expect(status).toBe(422);
      expect(body.errors).toMatchObject([{ header: 'Last-Event-ID' }]);
    },
  );

  it('is for those who take it, without parameters', async () => {
    expect((await manager.api.get(PATH, { accept: 'application/json' })).status).toBe(406);
    const { status, body } = await manager.api.get(`${PATH}?since=1`);
    expect(status).toBe(422);
    expect(body.errors).toMatchObject([{ parameter: 'since' }]);
    const head = await manager.api.send('HEAD', PATH);
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  });
});

describe('a stream ends', () => {
  const CHECK_MS = 3000;

  /** Whether these end properly once they are looked at again. */
  async function endByChecks(...open: OpenStream[]): Promise<boolean[]> {
    let ends: boolean[] | undefined;
    void Promise.all(open.map(({ ended }) => ended)).then((all) => (ends = all));
    return until(() => {
      vi.advanceTimersByTime(CHECK_MS);
      return ends;
    });
  }

  it('with the session', async () => {
    const { accessToken, refreshToken } = await app.signIn('manager');
    holdChecks();
    const stream = await open(bearer(accessToken));
    await app.anonymous.post('/v1/auth/logout', { refresh_token: refreshToken });
    expect(await endByChecks(stream)).toEqual([true]);
  });

  it('with the access token', async () => {
    const [key] = app.config.tokens.keys;
    if (!key) throw new Error('There is no key');
    const token = resign(manager.accessToken, key.privateKey, { claims: { exp: nowSeconds() + 600 } });
    holdChecks();
    const stream = await open(bearer(token));
    const now = Date.now.bind(Date);
    vi.spyOn(Date, 'now').mockImplementation(() => now() + 601_000);
    expect(await endByChecks(stream)).toEqual([true]);
  });

  it('with the scope, for an API key too', async () => {
    const { id, api, accessToken } = await app.signIn('manager');
    const key = await api.post('/v1/api-keys', { name: 'Follower', scopes: ['audit:read'] });
    holdChecks();
    const byToken = await open(bearer(accessToken));
    const byKey = await openStream(app.url, { 'x-api-key': String(key.body['key']) });
    const admin = await app.signIn('admin');
    await admin.api.patch(`/v1/users/${id}`, { role: 'customer' });
    expect(await endByChecks(byToken, byKey)).toEqual([true, true]);
  });

  it('with the service, which it does not hold up', async () => {
    const other = await startTestApp({}, { databaseUrl: String(app.config.database.url) });
    const stream = await openStream(other.url, bearer(manager.accessToken));
    await other.close();
    expect(await stream.ended).toBe(true);
  });
});

describe('streams', () => {
  it('are only so many at a time, and make room when they are left', async () => {
    const others = await Promise.all(Array.from({ length: MOST_STREAMS }, () => open()));
    const refused = await manager.api.get(PATH);
    expect(refused.status).toBe(503);
    expect(refused.body.code).toBe('overloaded');
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    await append(1);
    for (const stream of others) await stream.atLeast(1);
    others[0]?.leave();
    await expect
      .poll(() =>
        open()
          .then(({ status }) => status)
          .catch(() => 0),
      )
      .toBe(200);
  });
});
