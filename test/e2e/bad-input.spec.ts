import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Any, ApiResponse } from '../support/api-client.js';
import { aProduct, createProduct } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let manager: SignedIn;
let path: string;
let before: unknown;

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
  path = `/v1/products/${(await createProduct(manager.api)).id}`;
});
afterAll(() => app.close());

// Whatever a test of this file sends, nothing of it is written.
const everything = () => app.dataSource.query(`SELECT id, version, sku, name FROM products ORDER BY id`);
beforeEach(async () => {
  before = await everything();
});
afterEach(async () => {
  expect(await everything()).toEqual(before);
});

/** Sends it as a creation, a replacement and a change, which all have the same fields. */
async function sendEverywhere(body: unknown): Promise<ApiResponse<Any>[]> {
  return [
    await manager.api.post('/v1/products', body),
    await manager.api.put(path, body),
    await manager.api.patch(path, body),
  ];
}

const problemsOf = ({ status, body }: ApiResponse<Any>) => [
  status,
  body.code,
  body.errors?.map(({ code }) => code),
];

describe('a body', () => {
  it.each([
    ['sku', 5, 'type'],
    ['sku', '', 'pattern'],
    ['sku', 'a b', 'pattern'],
    ['sku', 'ü', 'pattern'],
    ['sku', 'a\n', 'pattern'],
    ['sku', 'x'.repeat(65), 'pattern'],
    ['sku', ['A'], 'type'],
    ['name', '', 'length'],
    ['name', 'n'.repeat(201), 'length'],
    ['name', '😀'.repeat(201), 'length'],
    ['name', 12, 'type'],
    ['name', { first: 'x' }, 'type'],
    ['name', ['x'], 'type'],
    ['name', true, 'type'],
    ['name', 'NUL \u0000', 'text'],
    ['name', 'half a pair \ud800', 'text'],
    ['name', '\udc00\ud800', 'text'],
    ['description', 'd'.repeat(5001), 'length'],
    ['description', 5, 'type'],
    ['description', '\u0000', 'text'],
    ['price', '12.50', 'type'],
    ['price', '', 'type'],
    ['price', true, 'type'],
    ['price', [1], 'type'],
    ['price', {}, 'type'],
    ['price', 0, 'min'],
    ['price', -1, 'min'],
    ['price', -1e308, 'min'],
    ['price', 0.001, 'decimals'],
    ['price', 12.345, 'decimals'],
    ['price', 5e-324, 'decimals'],
    ['price', 0.1 + 0.2, 'decimals'],
    ['price', 100_000_000, 'max'],
    ['price', 99_999_999.995, 'max'],
    ['price', Number.MAX_SAFE_INTEGER, 'max'],
    ['price', 1.7976931348623157e308, 'max'],
    ['currency', 'usd', 'currency'],
    ['currency', 'ZZZ', 'currency'],
    ['currency', '', 'currency'],
    ['currency', 840, 'currency'],
    ['currency', null, 'currency'],
    ['in_stock', 'true', 'type'],
    ['in_stock', 1, 'type'],
    ['in_stock', null, 'type'],
  ])('with %s of %j is refused: %s', async (field, value, code) => {
    for (const answer of await sendEverywhere(aProduct({ [field]: value }))) {
      expect(problemsOf(answer)).toEqual([422, 'validation_failed', [code]]);
      expect(answer.body.errors).toMatchObject([{ pointer: `/${field}` }]);
    }
  });

  it.each([
    ['1e400', 'max'],
    ['-1e400', 'min'],
    ['-0', 'min'],
    ['0.000', 'min'],
    ['123456789012345678901234567890', 'max'],
  ])('with the number %s is refused: %s', async (number, code) => {
    for (const answer of await sendEverywhere(`{"sku":"NUM-1","name":"n","price":${number}}`)) {
      expect(problemsOf(answer)).toEqual([422, 'validation_failed', [code]]);
    }
  });

  it.each(['NaN', 'Infinity', '-Infinity', '0x10', '01', '+1', '1.', '.5', '1_000', "'1'"])(
    'with %s, which JSON does not know, is refused',
    async (number) => {
      for (const answer of await sendEverywhere(`{"sku":"NUM-2","name":"n","price":${number}}`)) {
        expect(problemsOf(answer)).toEqual([400, 'malformed_request', undefined]);
      }
    },
  );

  it.each(['[]', '[{"sku":"ARR-1","name":"n","price":1}]', '"text"', '5', '0', 'true', 'false', 'null'])(
    'that is %s and no object is refused',
    async (body) => {
      for (const answer of await sendEverywhere(body)) {
        expect(problemsOf(answer)).toEqual([422, 'validation_failed', ['type']]);
        expect(answer.body.errors).toMatchObject([{ pointer: '' }]);
      }
    },
  );

  it.each([
    ['other', '/other'],
    ['in-stock', '/in-stock'],
    ['inStock', '/inStock'],
    ['Name', '/Name'],
    ['a/b~c', '/a~1b~0c'],
    ['', '/'],
    [' name', '/ name'],
    ['__proto__', '/__proto__'],
    ['constructor', '/constructor'],
    ['prototype', '/prototype'],
    ['toString', '/toString'],
    ['hasOwnProperty', '/hasOwnProperty'],
    ['then', '/then'],
    ['toJSON', '/toJSON'],
    ['length', '/length'],
    ['$where', '/$where'],
    ['😀', '/😀'],
    ['\ud800', '/\ufffd'],
  ])('with the unknown field %j is refused, and names %j', async (field, pointer) => {
    const json = `{"sku":"UNK-1","name":"n","price":1,${JSON.stringify(field)}:{"isAdmin":true}}`;
    for (const answer of await sendEverywhere(json)) {
      expect(problemsOf(answer)).toEqual([422, 'validation_failed', ['unknown_field']]);
      expect(answer.body.errors).toMatchObject([{ pointer }]);
    }
  });

  it('with __proto__ or constructor further inside is refused, and pollutes nothing', async () => {
    for (const evil of ['{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}']) {
      for (const answer of await sendEverywhere(`{"sku":"EVIL-1","price":1,"name":${evil}}`)) {
        expect([answer.status, answer.body.errors?.[0]?.code]).toEqual([422, 'unknown_field']);
      }
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it.each([
    ['arrays', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['objects', '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000)],
    ['arrays in a known field', `{"name":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['arrays that never close', '['.repeat(100_000)],
  ])('of a hundred thousand nested %s is refused at once', async (_, body) => {
    for (const { status } of await sendEverywhere(body)) expect([400, 422]).toContain(status);
  });

  it.each([
    ['fields', `{${Array.from({ length: 80_000 }, (_, index) => `"k${index}":1`).join()}}`],
    ['values in a field', `{"name":[${'[],'.repeat(300_000)}1]}`],
    ['numbers in a field', `{"name":[${'1,'.repeat(400_000)}1]}`],
  ])(
    'with very many %s is refused for their number, before any is looked at, in a short answer',
    async (_, body) => {
      for (const answer of await sendEverywhere(body)) {
        expect(problemsOf(answer)).toEqual([422, 'validation_failed', ['size']]);
        expect(answer.body.errors).toMatchObject([{ pointer: '' }]);
        expect(answer.text.length).toBeLessThan(10_000);
      }
    },
  );

  it('with several faults has all of them named', async () => {
    const { body } = await manager.api.post('/v1/products', {
      sku: ' ',
      price: -1,
      in_stock: 'no',
      extra: 1,
    });
    expect(
      Object.fromEntries(
        (body.errors ?? []).map((error) => ['pointer' in error && error.pointer, error.code]),
      ),
    ).toEqual({
      '/sku': 'pattern',
      '/name': 'required',
      '/price': 'min',
      '/in_stock': 'type',
      '/extra': 'unknown_field',
    });
    expect(body.detail).toBe('5 values are invalid.');
  });
});

describe('a path', () => {
  it.each([
    'nonsense',
    '0',
    '-1',
    '%00',
    '%F0%9F%98%80',
    '%2e%2e%2f',
    "1'%20OR%201=1",
    '[object%20Object]',
    'a'.repeat(2000),
  ])('with the id %s names nothing', async (id) => {
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
      const body = method === 'GET' || method === 'DELETE' ? undefined : aProduct();
      const answer = await manager.api.send(method, `/v1/products/${id}`, body);
      expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
    }
  });
});
