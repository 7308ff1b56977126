import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aProduct, createProduct } from '../support/products.js';
import { sendRaw } from '../support/raw-http.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let manager: SignedIn;

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
});
afterAll(() => app.close());

const ID = '0198c0de-7a11-7b3c-9d4e-5f60718293a4';
const MEBIBYTE = 1024 * 1024;
const postHead = (headers: string) =>
  `POST /v1/products HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${manager.accessToken}\r\n${headers}\r\n\r\n`;

describe('a problem', () => {
  it('has the members of the contract, and tells where it happened', async () => {
    const { body, headers } = await app.anonymous.get('/v1/nothing/here?secret=1');
    expect(body).toEqual({
      type: 'http://stockroom.test/docs/errors#not_found',
      title: 'Not found',
      status: 404,
      detail: 'This path does not exist.',
      instance: '/v1/nothing/here',
      code: 'not_found',
      trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
    });
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });
});

describe('an unknown path', () => {
  it.each([
    '/v1',
    '/v1/product',
    '/V1/products',
    '//v1/products',
    `/v1/products/${ID}/x`,
    '/.env',
    '/etc/passwd',
  ])('%s is not found, with any method and body', async (path) => {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const withBody = ['POST', 'PUT', 'PATCH'].includes(method);
      const answer = await manager.api.send(method, path, withBody ? 'no JSON' : undefined);
      expect([method, answer.status, answer.body.code]).toEqual([method, 404, 'not_found']);
      expect(answer.headers.get('allow')).toBeNull();
    }
  });
});

describe('a method that a path does not have', () => {
  it.each([
    ['/v1/products', ['PUT', 'PATCH', 'DELETE', 'OPTIONS'], 'GET, HEAD, POST'],
    [`/v1/products/${ID}`, ['POST', 'OPTIONS'], 'DELETE, GET, HEAD, PATCH, PUT'],
    ['/v1/products/nonsense?x=1', ['POST'], 'DELETE, GET, HEAD, PATCH, PUT'],
    ['/v1/auth/login', ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'], 'POST'],
    ['/health/live', ['POST', 'DELETE', 'OPTIONS'], 'GET, HEAD'],
  ])('%s answers 405 and says which it has', async (path, methods, allow) => {
    for (const method of methods) {
      const answer = await app.anonymous.send(method, path, method === 'POST' ? '{broken' : undefined);
      expect([method, answer.status]).toEqual([method, 405]);
      expect(answer.headers.get('allow')).toBe(allow);
      if (method !== 'HEAD') expect(answer.body.code).toBe('method_not_allowed');
    }
  });

  it.each(['TRACE', 'PROPFIND', 'QUERY', 'LOCK'])('answers 405 to %s too', async (method) => {
    const answer = await sendRaw(
      app.url,
      `${method} /v1/products HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    );
    expect([answer.status, answer.problem.code]).toEqual([405, 'method_not_allowed']);
    expect(answer.headers.get('allow')).toBe('GET, HEAD, POST');
  });
});

describe('a body that cannot be read', () => {
  it.each([
    '{',
    '{"sku":}',
    "{'sku':1}",
    '{"sku":"a",}',
    'sku=a',
    '<sku/>',
    '{} {}',
    '\u0000',
    '// x\n{}',
    'undefined',
  ])('%j is malformed', async (body) => {
    const answer = await manager.api.post('/v1/products', body);
    expect([answer.status, answer.body.code]).toEqual([400, 'malformed_request']);
  });

  it.each(['POST', 'PUT', 'PATCH'])('that is empty is malformed with %s', async (method) => {
    const path = method === 'POST' ? '/v1/products' : `/v1/products/${ID}`;
    for (const body of ['', undefined]) {
      const answer = await manager.api.send(method, path, body);
      expect([answer.status, answer.body.code]).toEqual([400, 'malformed_request']);
    }
  });

  it.each([
    ['a lone continuation byte', [0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['half of a character', [0xe2, 0x82]],
    ['a surrogate in UTF-8', [0xed, 0xa0, 0x80]],
    ['Latin-1', [0xe4]],
    ['beyond Unicode', [0xf5, 0x80, 0x80, 0x80]],
  ])('with %s is malformed, and nothing is created', async (_, bytes) => {
    const [head, tail] = ['{"sku":"UTF8-1","price":1,"name":"', '"}'].map((text) => Buffer.from(text));
    const answer = await manager.api.post(
      '/v1/products',
      Buffer.concat([head ?? [], Buffer.from(bytes), tail ?? []] as Buffer[]),
    );
    expect([answer.status, answer.body.code]).toEqual([400, 'malformed_request']);
    expect((await manager.api.get('/v1/products?sku=UTF8-1')).body.data).toEqual([]);
  });

  it('in UTF-16 is malformed, and with a byte order mark in UTF-8 it is read', async () => {
    const json = JSON.stringify(aProduct());
    expect((await manager.api.post('/v1/products', Buffer.from(json, 'utf16le'))).status).toBe(400);
    expect((await manager.api.post('/v1/products', `\ufeff${json}`)).status).toBe(201);
  });
});

describe('a media type', () => {
  it.each([
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json; charset=latin1',
    'application/json; charset=utf-16',
    'application/json;charset="iso-8859-1"',
    'application/jsonp',
    'application/vnd.api+json',
    'application/merge-patch+json',
    'json',
    '*/*',
  ])('%s is not supported, and nothing is created', async (type) => {
    const product = aProduct();
    const answer = await manager.api.post('/v1/products', product, { 'content-type': type });
    expect([answer.status, answer.body.code]).toEqual([415, 'unsupported_media_type']);
    expect((await manager.api.get(`/v1/products?sku=${product.sku}`)).body.data).toEqual([]);
  });

  it('is needed with a body', async () => {
    const answer = await sendRaw(app.url, `${postHead('Content-Length: 2')}{}`);
    expect([answer.status, answer.problem.code]).toEqual([415, 'unsupported_media_type']);
  });

  it.each([
    'application/json;charset=utf-8',
    'Application/JSON; charset="UTF-8"',
    'application/json ; Charset=utf8',
  ])('%s is JSON', async (type) => {
    expect((await manager.api.post('/v1/products', aProduct(), { 'content-type': type })).status).toBe(201);
  });

  it.each(['gzip', 'br', 'gzip, identity'])('with the coding %s is not supported', async (coding) => {
    const answer = await manager.api.post('/v1/products', aProduct(), { 'content-encoding': coding });
    expect([answer.status, answer.body.code]).toEqual([415, 'unsupported_media_type']);
  });

  it.each(['text/html', 'text/csv;q=1, application/json;q=0', 'image/*'])(
    '%s is not what we answer',
    async (accept) => {
      const product = aProduct();
      const created = await manager.api.post('/v1/products', product, { accept });
      expect([created.status, created.body.code]).toEqual([406, 'not_acceptable']);
      const { body } = await manager.api.get(`/v1/products?sku=${product.sku}`);
      expect(body.data).toEqual([]);
      const { id } = await createProduct(manager.api);
      expect((await manager.api.get(`/v1/products/${id}`, { accept })).status).toBe(406);
      expect((await manager.api.delete(`/v1/products/${id}`, { accept })).status).toBe(204);
    },
  );
});

describe('a body over 1 MiB', () => {
  const json = (bytes: number) => JSON.stringify({ sku: 'BIG-1', price: 1, name: 'n' }).padEnd(bytes, ' ');

  it('is refused, and one of exactly 1 MiB is read', async () => {
    expect((await manager.api.post('/v1/products', json(MEBIBYTE))).status).toBe(201);
    const answer = await sendRaw(
      app.url,
      `${postHead(`Content-Type: application/json\r\nContent-Length: ${MEBIBYTE + 1}`)}${json(MEBIBYTE + 1)}`,
    );
    expect([answer.status, answer.problem.code]).toEqual([413, 'payload_too_large']);
  });

  it('is refused before it was sent', async () => {
    const answer = await sendRaw(
      app.url,
      postHead('Content-Type: application/json\r\nContent-Length: 99999999999'),
    );
    expect([answer.status, answer.problem.code]).toEqual([413, 'payload_too_large']);
  });

  it('is refused in chunks too, where no length was announced', async () => {
    const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
    const answer = await sendRaw(
      app.url,
      postHead('Content-Type: application/json\r\nTransfer-Encoding: chunked'),
      ...Array<string>(17).fill(chunk),
      '0\r\n\r\n',
    );
    expect([answer.status, answer.problem.code]).toEqual([413, 'payload_too_large']);
  });
});
