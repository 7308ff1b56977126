import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addLargeProducts, CSV, NDJSON, openExport } from '../support/exports.js';
import { createProduct } from '../support/products.js';
import { sendRaw } from '../support/raw-http.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

const JSON_PAGE = 'application/json';

let app: TestApp;
let admin: SignedIn;

beforeAll(async () => {
  app = await startTestApp();
  admin = await app.signIn('admin');
  await createProduct(admin.api, { name: 'Häkchen 🔨' });
  await addLargeProducts(app, 300);
});
afterAll(() => app.close());

const typeOf = ({ headers }: { headers: Headers }) => headers.get('content-type')?.split(';', 1)[0];

describe('Accept', () => {
  it.each([
    [undefined, JSON_PAGE],
    ['*/*', JSON_PAGE],
    ['application/*', JSON_PAGE],
    ['application/json', JSON_PAGE],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', JSON_PAGE],
    ['application/json, text/csv', JSON_PAGE],
    ['text/csv, */*', JSON_PAGE],
    ['text/csv;q=0.9, application/json', JSON_PAGE],
    ['text/csv', CSV],
    ['TEXT/CSV', CSV],
    ['text/*', CSV],
    ['text/csv; charset=utf-8; header=present', CSV],
    ['text/csv, application/json;q=0.9', CSV],
    ['text/csv, */*;q=0.1', CSV],
    ['text/csv, application/x-ndjson', CSV],
    ['application/json;q=0, */*', CSV],
    ['application/x-ndjson', NDJSON],
    ['application/x-ndjson, text/csv;q=0.5, application/json;q=0.8', NDJSON],
    ['application/*;q=0.2, application/x-ndjson;q=0.3', NDJSON],
  ])('%s is answered as %s', async (accept, type) => {
    const answer = await admin.api.get('/v1/products?sku=LARGE-1', accept === undefined ? {} : { accept });
    expect(answer.status).toBe(200);
    expect(typeOf(answer)).toBe(type);
    expect(answer.headers.get('vary')).toMatch(/^Accept, Authorization/);
  });

  it.each(['text/html', 'application/xml', 'text/csv;q=0', 'application/ndjson', 'application/json;q=0'])(
    '%s is not acceptable',
    async (accept) => {
      const { status, body } = await admin.api.get('/v1/products', { accept });
      expect([status, body.code]).toEqual([406, 'not_acceptable']);
    },
  );

  it.each([
    '/v1/users',
    '/v1/api-keys',
    '/v1/auth/sessions',
    '/v1/products/0198c0de-7a11-7b3c-9d4e-5f60718293a4',
  ])('cannot ask %s, which has no exports, for one', async (path) => {
    for (const accept of [CSV, NDJSON]) {
      const { status, body } = await admin.api.get(path, { accept });
      expect([status, body.code]).toEqual([406, 'not_acceptable']);
    }
    const page = await admin.api.get(path, { accept: `${CSV}, application/json;q=0.1` });
    expect(page.status).not.toBe(406);
  });

  it('leaves what a POST answers as it is', async () => {
    const { status } = await admin.api.post(
      '/v1/products',
      { sku: 'P', name: 'P', price: 1 },
      { accept: CSV },
    );
    expect(status).toBe(406);
  });
});

describe('Accept-Encoding', () => {
  const decoders: Record<string, (bytes: Buffer) => Buffer> = {
    gzip: (bytes) => gunzipSync(bytes),
    br: (bytes) => brotliDecompressSync(bytes),
  };

  it.each([
    [undefined, undefined],
    ['', undefined],
    ['identity', undefined],
    ['zstd, deflate', undefined],
    ['identity, gzip;q=0.5', undefined],
    ['gzip;q=0, br;q=0', undefined],
    ['gzip', 'gzip'],
    ['gzip, deflate', 'gzip'],
    ['br', 'br'],
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip, br;q=0.8', 'gzip'],
    ['*;q=0, gzip', 'gzip'],
    ['*', 'br'],
  ])('%s is answered in %s, with the same content', async (header, coding) => {
    for (const accept of [CSV, NDJSON]) {
      const headers = { accept, ...(header !== undefined && { 'accept-encoding': header }) };
      const answer = await openExport(app.url, admin.accessToken, headers);
      expect(answer.headers['content-encoding']).toBe(coding);
      expect(answer.headers.vary).toContain('Accept-Encoding');
      const bytes = await answer.rest();
      const decoded = coding === undefined ? bytes : decoders[coding]?.(bytes);
      const plain = await admin.api.get('/v1/products', { accept, 'accept-encoding': 'identity' });
      expect(decoded?.toString()).toBe(plain.text);
      expect(plain.text.length).toBeGreaterThan(1_000_000);
      if (coding !== undefined) expect(bytes.length).toBeLessThan(plain.text.length * 0.9);
    }
  });

  it('that takes nothing which can be made is not acceptable', async () => {
    const { status, body } = await admin.api.get('/v1/products', {
      accept: CSV,
      'accept-encoding': 'identity;q=0, zstd',
    });
    expect([status, body.code]).toEqual([406, 'not_acceptable']);
  });

  it('leaves pages and problems as they are', async () => {
    const page = await openExport(app.url, admin.accessToken, { 'accept-encoding': 'gzip' });
    expect(page.headers['content-encoding']).toBeUndefined();
    page.leave();
    const headers = { accept: CSV, 'accept-encoding': 'gzip' };
    const problem = await openExport(app.url, admin.accessToken, headers, '/v1/products?limit=1');
    expect([problem.status, problem.headers['content-encoding']]).toEqual([422, undefined]);
    problem.leave();
  });

  it('is told to HEAD, too', async () => {
    const headers = { accept: CSV, 'accept-encoding': 'gzip' };
    const {
      status,
      text,
      headers: answered,
    } = await admin.api.send('HEAD', '/v1/products', undefined, headers);
    expect([status, text, answered.get('content-encoding')]).toEqual([200, '', 'gzip']);
  });
});

describe('HTTP/1.0', () => {
  it('is answered without chunks, until the connection ends', async () => {
    const { status, headers, text } = await sendRaw(
      app.url,
      `GET /v1/products?sku=LARGE-1 HTTP/1.0\r\nAuthorization: Bearer ${admin.accessToken}\r\nAccept: ${CSV}\r\n\r\n`,
    );
    expect([status, headers.get('transfer-encoding')]).toEqual([200, null]);
    expect(text.split('\r\n')).toHaveLength(3);
  });
});
