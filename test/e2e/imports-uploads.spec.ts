import { once } from 'node:events';
import { request } from 'node:http';
import type { ClientRequest, IncomingMessage, Server } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ended, importFile, upload } from '../support/imports.js';
import type { ImportBody } from '../support/imports.js';
import { newSku, walk } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

let app: TestApp;
let manager: SignedIn;

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
});
afterAll(() => app.close());

const open: ClientRequest[] = [];
afterEach(() => {
  for (const sender of open.splice(0)) sender.destroy();
});

/** Begins an upload that ends when the test says so. */
function begin(token = manager.accessToken): { sender: ClientRequest; answer: Promise<IncomingMessage> } {
  const sender = request(`${app.url}/v1/product-imports`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv', authorization: `Bearer ${token}` },
  });
  open.push(sender);
  const answer = once(sender, 'response').then(([response]) => response as IncomingMessage);
  answer.catch(() => undefined);
  return { sender, answer };
}

async function bodyOf(response: IncomingMessage): Promise<ImportBody> {
  const chunks = await response.toArray();
  return JSON.parse(Buffer.concat(chunks as Buffer[]).toString()) as ImportBody;
}

const newest = async (): Promise<ImportBody | undefined> =>
  (await manager.api.get<{ data: ImportBody[] }>('/v1/product-imports?limit=1')).body.data[0];
const isPending = async () => (await newest())?.status === 'pending';

describe('an upload', () => {
  it('is cut in the middle: nothing is imported, and the import says so', async () => {
    const sku = newSku();
    const { sender } = begin();
    sender.write(`sku,name,price\n${sku},Thing,1\n`);
    await until(isPending);
    sender.destroy();
    await until(async () => !(await isPending()));
    expect(await newest()).toMatchObject({
      status: 'failed',
      total_rows: 0,
      error: { code: 'upload_incomplete', message: 'The connection broke before the body was complete.' },
    });
    expect(await walk(manager.api, `/v1/products?sku=${sku}`)).toEqual([]);
    expect(await app.dataSource.query('SELECT 1 FROM product_import_rows')).toEqual([]);
  });

  it('is cancelled while it goes on', async () => {
    const { sender, answer } = begin();
    sender.write(`sku,name,price\n${newSku()},Thing,1\n`);
    await until(isPending);
    const { id } = (await newest()) as ImportBody;
    const cancelled = await manager.api.patch(`/v1/product-imports/${id}`, { status: 'cancelled' });
    expect(cancelled.body).toMatchObject({ status: 'cancelled', error: null });
    sender.end();
    const response = await answer;
    expect([response.statusCode, await bodyOf(response)]).toMatchObject([
      409,
      { code: 'invalid_transition' },
    ]);
    expect(await ended(manager.api, id)).toMatchObject({ status: 'cancelled', total_rows: 0 });
    expect(await app.dataSource.query('SELECT 1 FROM product_import_rows')).toEqual([]);
  });

  it('is one of two at a time; another one is told to come again', async () => {
    const both = [begin(), begin()];
    for (const { sender } of both) sender.write('sku,name,price\n');
    await until(async () => {
      const { body } = await manager.api.get<{ data: ImportBody[] }>('/v1/product-imports?limit=2');
      return body.data.every(({ status }) => status === 'pending');
    });
    const third = await upload(manager.api, 'sku,name,price\n');
    expect([third.status, third.body['code']]).toEqual([503, 'overloaded']);
    expect(third.headers.get('retry-after')).toBe('5');
    for (const { sender, answer } of both) {
      sender.end();
      expect((await answer).statusCode).toBe(202);
    }
    await importFile(manager.api, 'sku,name,price\n');
  });

  it('is refused before it was read, and whoever sends it gets the answer', async () => {
    const { api } = await app.signIn('customer');
    const large = `sku,name,price\n${'A,B,1\n'.repeat(500_000)}`;
    expect((await upload(api, large)).status).toBe(403);
    expect((await upload(app.anonymous, large)).status).toBe(401);
    expect((await upload(manager.api, `x${large}`)).status).toBe(422);
    // The connections are still good.
    expect((await upload(api, large)).status).toBe(403);
  });

  it('may take longer than other requests may, as long as it goes on', async () => {
    const { sender, answer } = begin();
    sender.write('sku,name,price\n');
    await until(isPending);
    const server: Server = app.app.getHttpServer();
    // Node looks for slow requests at intervals that it begins when it listens. This is the last test of the file.
    const hurried = { requestTimeout: 300, headersTimeout: 300, connectionsCheckingInterval: 20 };
    Object.assign(server, hurried).emit('listening');
    const json = request(`${app.url}/v1/products`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${manager.accessToken}` },
    });
    open.push(json);
    json.write('{');
    // This one began later, and is over.
    const [refused] = (await once(json, 'response')) as [IncomingMessage];
    expect(refused.statusCode).toBe(400);
    sender.end(`${newSku()},Thing,1\n`);
    expect((await answer).statusCode).toBe(202);
  });
});
