import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendRaw } from '../support/raw-http.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let customer: SignedIn;

beforeAll(async () => {
  app = await startTestApp();
  customer = await app.signIn('customer');
});
afterAll(() => app.close());

const CLOSE = 'Host: x\r\nConnection: close\r\n';
const get = (target: string, headers = '') =>
  `GET ${target} HTTP/1.1\r\n${CLOSE}Authorization: Bearer ${customer.accessToken}\r\n${headers}\r\n`;

describe('what is no HTTP', () => {
  it.each([
    ['noise', 'BLAH BLAH BLAH\r\n\r\n'],
    ['a TLS handshake', Buffer.from('16030100a5010000a10303', 'hex')],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a path with a space', `GET /v1/pro ducts HTTP/1.1\r\n${CLOSE}\r\n`],
    ['raw bytes in the path', Buffer.from(`GET /v1/\xff HTTP/1.1\r\n${CLOSE}\r\n`, 'latin1')],
    ['NUL in a header', `GET / HTTP/1.1\r\n${CLOSE}X-A: a\0b\r\n\r\n`],
    ['a header without a name', `GET / HTTP/1.1\r\n${CLOSE}: x\r\n\r\n`],
    ['a length that is no number', `POST /v1/products HTTP/1.1\r\n${CLOSE}Content-Length: ten\r\n\r\n`],
    ['two lengths', `POST /v1/products HTTP/1.1\r\n${CLOSE}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`],
    [
      'a length beside chunks',
      `POST / HTTP/1.1\r\n${CLOSE}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      'a broken chunk',
      `POST /v1/auth/login HTTP/1.1\r\n${CLOSE}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n`,
    ],
    ['an endless header', `GET / HTTP/1.1\r\n${CLOSE}X-A: ${'a'.repeat(20_000)}\r\n\r\n`],
    ['an endless path', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n${CLOSE}\r\n`],
  ])('is answered with a problem: %s', async (_, bytes) => {
    const { status, problem, headers } = await sendRaw(app.url, bytes);
    expect([status, problem.status, problem.code]).toEqual([400, 400, 'malformed_request']);
    expect(problem.type).toBe('http://stockroom.test/docs/errors#malformed_request');
    expect(problem.trace_id).toMatch(/^[0-9a-f]{32}$/);
    expect(headers.get('x-request-id')).toBeTruthy();
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('connection')).toBe('close');
  });

  it('is answered once where it follows a request that needs no body', async () => {
    const { problem } = await sendRaw(
      app.url,
      `POST / HTTP/1.1\r\n${CLOSE}Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n`,
    );
    expect(problem.code).toBe('method_not_allowed');
  });

  it('disturbs nobody else', async () => {
    await Promise.all(Array.from({ length: 20 }, () => sendRaw(app.url, '\r\n\r\nrubbish\r\n\r\n')));
    expect((await app.anonymous.get('/health/live')).status).toBe(200);
  });
});

describe('a request target', () => {
  it.each(['/v1/products/%ZZ', '/v1/%', '/%E0%A4%A', '/v1/products/%FF', '/%C0%AE%C0%AE/x', '/health/live%'])(
    'that is encoded wrongly is malformed: %s',
    async (target) => {
      const { status, problem, headers } = await sendRaw(app.url, get(target));
      expect([status, problem.code]).toEqual([400, 'malformed_request']);
      expect(problem.instance).toBe(target);
      expect(headers.get('x-request-id')).toBeTruthy();
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    },
  );

  it.each(['q=%ZZ', 'q=%', 'q=%FF', 'q=%C3', 'q=%ED%A0%80', '%E0%A4%A=1', 'q=a&limit=%2'])(
    'whose query is encoded wrongly is malformed: ?%s',
    async (query) => {
      const { status, problem } = await sendRaw(app.url, get(`/v1/products?${query}`));
      expect([status, problem.code]).toEqual([400, 'malformed_request']);
    },
  );

  it('may be absolute, as proxies send it', async () => {
    expect((await sendRaw(app.url, get(`http://other.example/health/live`))).status).toBe(200);
  });

  it('* is no path of ours', async () => {
    const { status, problem } = await sendRaw(app.url, `OPTIONS * HTTP/1.1\r\n${CLOSE}\r\n`);
    expect([status, problem.code]).toEqual([404, 'not_found']);
  });

  it('with a very long id names nothing', async () => {
    for (const length of [500, 1024, 1025, 8000]) {
      const { status, problem } = await sendRaw(app.url, get(`/v1/products/${'a'.repeat(length)}`));
      expect([length, status, problem.code]).toEqual([length, 404, 'not_found']);
    }
  });
});

describe('what Node would answer by itself', () => {
  it('a request without Host is malformed, unless it is HTTP/1.0', async () => {
    const { status, problem } = await sendRaw(
      app.url,
      'GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n',
    );
    expect([status, problem.code]).toEqual([400, 'malformed_request']);
    expect((await sendRaw(app.url, 'GET /health/live HTTP/1.0\r\n\r\n')).status).toBe(200);
  });

  it('an expectation that we do not know is ignored', async () => {
    const { status } = await sendRaw(app.url, get('/health/live', 'Expect: the-unexpected\r\n'));
    expect(status).toBe(200);
  });

  it('an upgrade that we do not know is ignored', async () => {
    const { status } = await sendRaw(
      app.url,
      'GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    expect(status).toBe(200);
  });

  it('a body in many small packets is put together', async () => {
    const body = JSON.stringify({ email: 'nobody@example.com', password: 'ä wrong password' });
    const bytes = Buffer.from(body);
    const { status, problem } = await sendRaw(
      app.url,
      `POST /v1/auth/login HTTP/1.1\r\n${CLOSE}Content-Type: application/json\r\nContent-Length: ${bytes.length}\r\n\r\n`,
      ...Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)),
    );
    expect([status, problem.code]).toEqual([401, 'invalid_credentials']);
  });
});
