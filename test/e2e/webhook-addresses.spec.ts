import { createServer } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { HostAddresses } from '../../src/webhooks/host-addresses.service.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';
import { attempted, createEndpoint, holdRetries, PRIVATE_HOSTS, sendTest } from '../support/webhooks.js';

let receiver: WebhookReceiver;

beforeEach(async () => {
  receiver = await WebhookReceiver.start();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await receiver.stop();
});

/** What became of a test to that address, for which the DNS answers these addresses. */
async function outcomeOf(app: TestApp, admin: SignedIn, url: string, addresses: string[]) {
  holdRetries(app);
  vi.spyOn(app.app.get(HostAddresses), 'resolve').mockResolvedValue(addresses);
  const { id } = await createEndpoint(admin.api, { url });
  const { attempts } = await attempted(admin.api, (await sendTest(admin.api, id)).id);
  return attempts[0]?.error;
}

describe('where only the internet may be reached', () => {
  let app: TestApp;
  let admin: SignedIn;
  beforeAll(async () => {
    app = await startTestApp();
    admin = await app.signIn('admin');
  });
  afterAll(() => app.close());

  it.each([
    ['loopback', ['127.0.0.1']],
    ['loopback, mapped', ['::ffff:127.0.0.1']],
    ['metadata of a cloud', ['169.254.169.254']],
    ['private, behind public ones', ['1.1.1.1', '2606:4700:4700::1111', '10.0.0.1']],
  ])('nothing connects to a name that leads to an address that is %s', async (_, addresses) => {
    const url = `https://shop.example.com:${receiver.port}/`;
    expect(await outcomeOf(app, admin, url, addresses)).toBe('address_not_allowed');
    expect(receiver.received).toEqual([]);
  });

  it('nothing connects to an address that was allowed when the endpoint was made', async () => {
    const { id } = await createEndpoint(admin.api);
    await app.dataSource.query('UPDATE webhook_endpoints SET url = $2 WHERE id = $1', [id, receiver.url]);
    const { attempts } = await attempted(admin.api, (await sendTest(admin.api, id)).id);
    expect(attempts).toMatchObject([{ error: 'address_not_allowed', status_code: null }]);
    expect(receiver.received).toEqual([]);
  });
});

describe('where private hosts are allowed', () => {
  let app: TestApp;
  let admin: SignedIn;
  beforeAll(async () => {
    app = await startTestApp(PRIVATE_HOSTS);
    admin = await app.signIn('admin');
  });
  afterAll(() => app.close());

  it('the connection is made to the address that was looked up, under the name of the host', async () => {
    const url = `http://shop.example.com:${receiver.port}/hook`;
    expect(await outcomeOf(app, admin, url, ['127.0.0.1'])).toBeNull();
    expect(receiver.received[0]?.headers.host).toBe(`shop.example.com:${receiver.port}`);
  });

  it('the certificate is asked for under the name of the host, and must be good', async () => {
    const asked: string[] = [];
    const server = createServer({
      SNICallback: (name, done) => {
        asked.push(name);
        done(new Error('There is none'));
      },
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `https://shop.example.com:${(server.address() as AddressInfo).port}/`;
    expect(['tls', 'connection_broken']).toContain(await outcomeOf(app, admin, url, ['127.0.0.1']));
    expect(asked).toEqual(['shop.example.com']);
    server.close();
  });

  it('a name is looked up as this machine knows it', async () => {
    const { id } = await createEndpoint(admin.api, { url: `http://localhost:${receiver.port}/` });
    const { status } = await attempted(admin.api, (await sendTest(admin.api, id)).id);
    expect(status).toBe('succeeded');
  });
});
