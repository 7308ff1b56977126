import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CSV, ended, NDJSON, upload } from '../support/imports.js';
import { newSku } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let manager: SignedIn;
let headers: Record<string, string>;

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
});
beforeEach(() => {
  headers = { ...CSV, 'idempotency-key': randomUUID() };
});
afterAll(() => app.close());

const aFile = () => `sku,name,price\n${newSku()},Thing,12.50\n`;
const countImports = async () => (await manager.api.get('/v1/product-imports?limit=100')).body.data.length;

describe('an import under an Idempotency-Key', () => {
  it('is one import, however often it is uploaded; the answer is that of the first time', async () => {
    const file = aFile();
    const first = await upload(manager.api, file, headers);
    expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([202, null]);
    await ended(manager.api, first.body.id);
    const before = await countImports();
    const again = await upload(manager.api, file, headers);
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([202, 'true']);
    expect(again.text).toBe(first.text);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(await countImports()).toBe(before);
  });

  it.each([
    ['another byte', ' ', ''],
    ['another query', '', '?dry_run=true'],
  ])('is refused with %s', async (_, more, query) => {
    const file = aFile();
    expect((await upload(manager.api, file, headers)).status).toBe(202);
    const before = await countImports();
    const { status, body } = await upload(manager.api, file + more, headers, query);
    expect([status, body['code']]).toEqual([422, 'idempotency_key_reused']);
    expect(await countImports()).toBe(before);
  });

  it('that was refused can be sent again, corrected', async () => {
    expect((await upload(manager.api, 'sku,colour\nA,red\n', headers)).status).toBe(422);
    expect((await upload(manager.api, 'sku,name,price\n"A,Thing,1\n', headers)).status).toBe(422);
    expect((await upload(manager.api, aFile(), headers)).status).toBe(202);
  });

  it('takes NDJSON in the same way, and a large file', async () => {
    const keyed = { ...headers, ...NDJSON };
    const description = 'A thing. '.repeat(500);
    const row = () => `${JSON.stringify({ sku: newSku(), name: 'Thing', description, price: 1 })}\n`;
    const file = Array.from({ length: 400 }, row).join('');
    const first = await upload(manager.api, file, keyed);
    expect(first.status).toBe(202);
    expect((await upload(manager.api, file, keyed)).text).toBe(first.text);
    expect(await ended(manager.api, first.body.id)).toMatchObject({
      status: 'succeeded',
      created_rows: 400,
    });
  });
});
