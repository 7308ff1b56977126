import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

const SHOP = 'https://shop.example.com';
const ADMIN = 'https://admin.example.com:8443';

let closed: TestApp;
let open: TestApp;
let customer: SignedIn;

beforeAll(async () => {
  closed = await startTestApp();
  open = await startTestApp({ CORS_ORIGINS: `${SHOP}, ${ADMIN}` });
  customer = await open.signIn('customer');
});
afterAll(async () => {
  await closed.close();
  await open.close();
});

/** The question that a browser asks before it sends `method` to us from `origin`. */
const preflight = (app: TestApp, origin: string, method = 'PATCH') =>
  app.anonymous.send('OPTIONS', '/v1/products', undefined, {
    origin,
    'access-control-request-method': method,
    'access-control-request-headers': 'authorization,content-type,if-match',
  });

const corsHeaders = (headers: Headers) =>
  [...headers.keys()].filter((name) => name.startsWith('access-control-'));

describe('without configured origins', () => {
  it('allows no origin anything', async () => {
    const { headers } = await closed.anonymous.get('/health/live', { origin: SHOP });
    expect(corsHeaders(headers)).toEqual([]);
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
  });

  it('has no OPTIONS, as any other path has none', async () => {
    const { status, headers } = await preflight(closed, SHOP);
    expect(status).toBe(405);
    expect(headers.get('allow')).toBe('GET, HEAD, POST');
    expect(corsHeaders(headers)).toEqual([]);
  });
});

describe('with configured origins', () => {
  it.each([SHOP, ADMIN])('lets %s read answers, errors too', async (origin) => {
    for (const path of ['/v1/products', '/nowhere', '/v1/products?limit=0', '/v1/products?q=%FF']) {
      const { headers } = await customer.api.get(path, { origin });
      expect(headers.get('access-control-allow-origin')).toBe(origin);
      expect(headers.get('vary')).toContain('Origin');
      expect(headers.get('access-control-expose-headers')).toContain('ETag');
      expect(headers.get('access-control-allow-credentials')).toBeNull();
    }
  });

  it.each([
    'https://evil.example.com',
    'http://shop.example.com',
    'https://shop.example.com.evil.com',
    'https://sub.shop.example.com',
    'https://shop.example.com:444',
    'null',
    'nonsense',
  ])('lets %s read nothing', async (origin) => {
    const { headers } = await customer.api.get('/v1/products', { origin });
    expect(headers.get('access-control-allow-origin')).toBeNull();
    expect(headers.get('vary')).toContain('Origin');
    expect((await preflight(open, origin)).headers.get('access-control-allow-origin')).toBeNull();
  });

  it('keeps Accept and Authorization in Vary beside Origin', async () => {
    const { headers } = await customer.api.get('/v1/products', { origin: SHOP });
    expect(headers.get('vary')?.split(', ').sort()).toEqual(['Accept', 'Authorization', 'Origin']);
  });

  it('answers the preflight of a configured origin without a credential', async () => {
    const { status, headers } = await preflight(open, SHOP);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(SHOP);
    expect(headers.get('access-control-allow-methods')?.split(', ')).toEqual(
      expect.arrayContaining(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
    );
    expect(headers.get('access-control-allow-headers')).toBe('authorization,content-type,if-match');
    expect(Number(headers.get('access-control-max-age'))).toBeGreaterThan(0);
  });

  it.each([
    ['without an origin', {}],
    ['without the method that it asks for', { origin: SHOP }],
    ['without the origin that asks', { 'access-control-request-method': 'GET' }],
  ])('answers an OPTIONS that is no preflight, %s, with a problem', async (_, headers) => {
    const known = await open.anonymous.send('OPTIONS', '/v1/products', undefined, headers);
    expect([known.status, known.body.code, known.headers.get('allow')]).toEqual([
      405,
      'method_not_allowed',
      'GET, HEAD, POST',
    ]);
    const unknown = await open.anonymous.send('OPTIONS', '/nowhere', undefined, headers);
    expect([unknown.status, unknown.body.code]).toEqual([404, 'not_found']);
  });
});
