import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aProduct, createProduct } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let manager: SignedIn;

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
});
afterAll(() => app.close());

/** A new product, and where and in which version it is. */
async function setUp() {
  const product = await createProduct(manager.api);
  const path = `/v1/products/${product.id}`;
  const etag = async () => (await manager.api.get(path)).headers.get('etag') ?? '';
  return { product, path, etag, first: await etag() };
}

const WRITES = [
  ['PUT', () => aProduct({ name: 'Written' })],
  ['PATCH', () => ({ name: 'Written' })],
  ['DELETE', () => undefined],
] as const;

describe('ETag', () => {
  it('is strong, stays while nothing changes, and is the same for every reader', async () => {
    const { path, first, etag } = await setUp();
    expect(first).toMatch(/^"[\x21\x23-\x7e]+"$/);
    expect(await etag()).toBe(first);
    const customer = await app.signIn('customer');
    expect((await customer.api.get(path)).headers.get('etag')).toBe(first);
  });

  it('changes with every write, and is told by the write itself', async () => {
    const { path, first, etag } = await setUp();
    const patched = (await manager.api.patch(path, { price: 5 })).headers.get('etag');
    expect(patched).not.toBe(first);
    expect(await etag()).toBe(patched);
    const replaced = (await manager.api.put(path, aProduct())).headers.get('etag');
    expect([first, patched]).not.toContain(replaced);
    expect(await etag()).toBe(replaced);
  });

  it('is on the caller’s own account too', async () => {
    const { headers } = await manager.api.get('/v1/users/me');
    const again = await manager.api.get('/v1/users/me', { 'if-none-match': headers.get('etag') ?? '' });
    expect(again.status).toBe(304);
  });
});

describe('If-None-Match', () => {
  it.each([
    ['the same tag', (tag: string) => tag],
    ['the weak form of it', (tag: string) => `W/${tag}`],
    ['a list with it', (tag: string) => `"other", ${tag}, W/"x"`],
    ['*', () => '*'],
  ])('answers 304 without a body to %s', async (_, header) => {
    const { path, first } = await setUp();
    for (const method of ['GET', 'HEAD']) {
      const { status, text, headers } = await manager.api.send(method, path, undefined, {
        'if-none-match': header(first),
      });
      expect([status, text]).toEqual([304, '']);
      expect(headers.get('etag')).toBe(first);
      expect(headers.get('cache-control')).toBe('private, no-cache');
      expect(headers.get('vary')).toContain('Authorization');
      expect(headers.get('content-type')).toBeNull();
    }
  });

  it.each(['"other"', 'W/"other"', '"a", "b"', 'nonsense', '""'])('answers 200 to %s', async (header) => {
    const { path, product } = await setUp();
    const { status, body } = await manager.api.get(path, { 'if-none-match': header });
    expect(status).toBe(200);
    expect(body).toEqual(product);
  });

  it('answers 200 once the product has changed', async () => {
    const { path, first } = await setUp();
    await manager.api.patch(path, { name: 'New' });
    const { status, body } = await manager.api.get(path, { 'if-none-match': first });
    expect([status, body.name]).toEqual([200, 'New']);
  });

  it('does not make an unknown product 304', async () => {
    const path = '/v1/products/0198c0de-7a11-7b3c-9d4e-5f60718293a4';
    expect((await manager.api.get(path, { 'if-none-match': '*' })).status).toBe(404);
  });

  it('is asked only after the caller was let in', async () => {
    const { path, first } = await setUp();
    expect((await app.anonymous.get(path, { 'if-none-match': first })).status).toBe(401);
  });
});

describe.each(WRITES)('If-Match on %s', (method, body) => {
  const write = (path: string, ifMatch: string) =>
    manager.api.send(method, path, body(), { 'if-match': ifMatch });

  it.each([
    ['the tag', (tag: string) => tag],
    ['a list with it', (tag: string) => `"other", ${tag}`],
    ['*', () => '*'],
  ])('writes for %s', async (_, header) => {
    const { path, first } = await setUp();
    expect((await write(path, header(first))).status).toBe(method === 'DELETE' ? 204 : 200);
  });

  it.each([
    ['another tag', () => '"other"'],
    ['a version to come', () => '"v99"'],
    ['the weak form, as it compares strongly', (tag: string) => `W/${tag}`],
    ['a list without it', () => '"a", "b"'],
  ])('answers 412 to %s, and changes nothing', async (_, header) => {
    const { path, first, etag, product } = await setUp();
    const answer = await write(path, header(first));
    expect([answer.status, answer.body.code]).toEqual([412, 'precondition_failed']);
    expect((await manager.api.get(path)).body).toEqual(product);
    expect(await etag()).toBe(first);
  });

  it('answers 412 to a stale tag, and changes nothing', async () => {
    const { path, first } = await setUp();
    const { body: current } = await manager.api.patch(path, { name: 'By somebody else' });
    expect((await write(path, first)).status).toBe(412);
    expect((await manager.api.get(path)).body).toEqual(current);
  });

  it.each(['v1', '"v1', '"v1" "v2"', '*, "v1"', "'v1'", 'w/"v1"'])(
    'refuses %s as malformed',
    async (header) => {
      const { path, product } = await setUp();
      const answer = await write(path, header);
      expect([answer.status, answer.body.code]).toEqual([422, 'validation_failed']);
      expect(answer.body.errors).toMatchObject([{ header: 'If-Match', code: 'format' }]);
      expect((await manager.api.get(path)).body).toEqual(product);
    },
  );

  it('answers 404 for what does not exist, whatever is demanded of it', async () => {
    const path = '/v1/products/0198c0de-7a11-7b3c-9d4e-5f60718293a4';
    for (const header of ['*', '"v1"']) expect((await write(path, header)).status).toBe(404);
  });

  it('lets exactly one of ten writers win that saw the same version', async () => {
    const { path, first } = await setUp();
    const answers = await Promise.all(Array.from({ length: 10 }, () => write(path, first)));
    const won = answers.filter(({ status }) => status < 300);
    expect(won).toHaveLength(1);
    // Who comes after a deletion finds nothing any more.
    const lost = method === 'DELETE' ? 404 : 412;
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([won[0]?.status, lost]));
  });
});

describe('an empty patch', () => {
  it('still answers 412 to a stale tag', async () => {
    const { path, first } = await setUp();
    await manager.api.patch(path, { price: 3 });
    expect((await manager.api.patch(path, {}, { 'if-match': first })).status).toBe(412);
  });
});

describe('HEAD', () => {
  it.each(['/v1/products', '/v1/users/me', '/health/live'])(
    'answers for %s as GET does, without the body',
    async (path) => {
      const get = await manager.api.get(path);
      const head = await manager.api.send('HEAD', path);
      expect([head.status, head.text]).toEqual([get.status, '']);
      for (const name of ['content-type', 'content-length', 'etag', 'cache-control', 'vary']) {
        expect([name, head.headers.get(name)]).toEqual([name, get.headers.get(name)]);
      }
    },
  );

  it('asks for the same credential', async () => {
    expect((await app.anonymous.send('HEAD', '/v1/products')).status).toBe(401);
  });
});
