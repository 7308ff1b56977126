import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { countsOf, CSV, importFile, NDJSON, upload } from '../support/imports.js';
import type { ImportBody } from '../support/imports.js';
import { createProduct, newSku, walk } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

const MAX_BYTES = 3 * 1024 * 1024;

let app: TestApp;
let manager: SignedIn;

beforeAll(async () => {
  app = await startTestApp({ IMPORT_MAX_BYTES: String(MAX_BYTES) });
  manager = await app.signIn('manager');
  await createProduct(manager.api);
});
afterAll(() => app.close());

const staged = () =>
  app.dataSource.query(`SELECT count(*)::int AS rows FROM product_import_rows WHERE sku > ''`);
const newest = async (): Promise<ImportBody | undefined> =>
  (await manager.api.get<{ data: ImportBody[] }>('/v1/product-imports?limit=1')).body.data[0];

describe('a file that is refused', () => {
  let before: unknown;
  const everything = () => walk(manager.api, '/v1/products');
  beforeEach(async () => {
    before = await everything();
  });
  // Nothing of it may be left anywhere.
  afterEach(async () => {
    expect(await everything()).toEqual(before);
    expect(await staged()).toEqual([{ rows: 0 }]);
  });

  it.each<[string, string, { pointer: string; code: string }[]]>([
    [
      'an unknown column',
      'sku,name,price,colour\nA,B,1,red\n',
      [{ pointer: '/colour', code: 'unknown_field' }],
    ],
    ['a column that is missing', 'sku,name\nA,B\n', [{ pointer: '/price', code: 'required' }]],
    [
      'a column that is there twice',
      'sku,name,price,name\nA,B,1,C\n',
      [{ pointer: '/name', code: 'unique' }],
    ],
    ['a column without a name', 'sku,name,price,\nA,B,1,\n', [{ pointer: '/', code: 'unknown_field' }]],
    [
      'a column of the prototype',
      'sku,name,price,constructor\n',
      [{ pointer: '/constructor', code: 'unknown_field' }],
    ],
    ['no header at all', '', [{ pointer: '', code: 'header' }]],
    ['empty lines only', '\n\r\n', [{ pointer: '', code: 'header' }]],
    ['a byte order mark only', '\ufeff', [{ pointer: '', code: 'header' }]],
    ['semicolons', 'sku;name;price\nA;B;1\n', [{ pointer: '/sku;name;price', code: 'unknown_field' }]],
  ])('for %s is not even begun', async (_name, file, errors) => {
    const last = await newest();
    const { status, body } = await upload(manager.api, file);
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'validation_failed' });
    expect(body.errors).toEqual(
      expect.arrayContaining(errors.map((error) => expect.objectContaining(error) as object)),
    );
    expect(await newest()).toEqual(last);
  });

  const head = 'sku,name,price\n';
  const rows = (count: number) => Array.from({ length: count }, () => `${newSku()},Thing,1\n`).join('');
  const bytes = (...parts: (string | number[])[]) =>
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));

  it.each<[string, () => Uint8Array | string, Record<string, string>, string]>([
    ['a quote that is never closed', () => `${head}${rows(2000)}A,"B,1\n`, CSV, 'quotes'],
    ['text behind a quote', () => `${head}${rows(2000)}A,"B"x,1\n`, CSV, 'quotes'],
    ['a cell of 2 MiB', () => `${head}${rows(10)}A,"${'x'.repeat(2 ** 21)}",1\n`, CSV, 'row_size'],
    ['a line of 2 MiB', () => `{"sku": "${'x'.repeat(2 ** 21)}"}\n`, NDJSON, 'row_size'],
    ['Latin-1', () => bytes(head, rows(2000), 'A,S', [0xe4], 'ge,1\n'), CSV, 'encoding'],
    ['half a character at its end', () => bytes('{"sku":"A"}\n"', [0xe2, 0x82]), NDJSON, 'encoding'],
  ])('for %s says so, and the import failed', async (_name, file, headers, code) => {
    const { status, body } = await upload(manager.api, file(), headers);
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'validation_failed', errors: [{ pointer: '', code }] });
    const failed = await newest();
    expect(failed).toMatchObject({ status: 'failed', total_rows: 0, error: { code } });
    expect(failed?.['finished_at']).not.toBeNull();
  });

  it.each([
    ['with a mark', Buffer.from('\ufeffsku,name,price\nA,B,1\n', 'utf16le'), 'encoding'],
    ['without one', Buffer.from('sku,name,price\nA,B,1\n', 'utf16le'), 'unknown_field'],
  ])('for UTF-16 %s is not even begun', async (_name, file, code) => {
    const { status, body } = await upload(manager.api, file);
    expect([status, body.errors[0]?.code]).toEqual([422, code]);
  });

  it('for its size is told from its length, or when it gets there', async () => {
    const file = `${head}${rows(2000)}${`A,${'x'.repeat(2000)},1\n`.repeat(1600)}`;
    const told = await upload(manager.api, file);
    expect([told.status, told.body['code']]).toEqual([413, 'payload_too_large']);
    const zipped = await upload(manager.api, gzipSync(file), { ...CSV, 'content-encoding': 'gzip' });
    expect([zipped.status, zipped.body['code']]).toEqual([413, 'payload_too_large']);
    expect(await newest()).toMatchObject({ status: 'failed', error: { code: 'payload_too_large' } });
  });

  it('for gzip that is none, or not all of it', async () => {
    const headers = { ...CSV, 'content-encoding': 'gzip' };
    const none = await upload(manager.api, `${head}A,B,1\n`, headers);
    expect([none.status, none.body['code']]).toEqual([400, 'malformed_request']);
    const zipped = gzipSync(`${head}${rows(5000)}`);
    const half = await upload(manager.api, zipped.subarray(0, zipped.length / 2), headers);
    expect([half.status, half.body['code']]).toEqual([400, 'malformed_request']);
  });

  it.each<Record<string, string>>([
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/json' },
    { 'content-type': 'text/csv; charset=iso-8859-1' },
    { 'content-type': 'text/csv; charset=utf-16' },
    { 'content-type': 'text/csv', 'content-encoding': 'br' },
  ])('for its type or coding: %j', async (headers) => {
    const { status, body } = await upload(manager.api, '{}', headers);
    expect([status, body['code']]).toEqual([415, 'unsupported_media_type']);
  });

  it('where no files are taken', async () => {
    const { status, body } = await manager.api.post('/v1/products', `${head}A,B,1\n`, CSV);
    expect([status, body.code]).toEqual([415, 'unsupported_media_type']);
  });

  it('for a query that is not known', async () => {
    const { status } = await upload(manager.api, head, CSV, '?dry=true');
    expect(status).toBe(422);
    expect((await upload(manager.api, head, CSV, '?dry_run=1')).status).toBe(422);
  });
});

describe('a file that is odd, but good', () => {
  it.each<[string, string, Record<string, string>]>([
    ['a header only', 'sku,name,price\r\n', CSV],
    ['a header without its line end', 'sku,name,price', CSV],
    ['no object', '', NDJSON],
    ['empty lines', '\n\n', NDJSON],
  ])('holds %s', async (_name, file, headers) => {
    const done = await importFile(manager.api, file, headers);
    expect(done).toMatchObject({ status: 'succeeded', processed_rows: 0 });
    expect(countsOf(done)).toEqual([0, 0, 0, 0, 0]);
  });

  it.each<[string, (file: string) => string | Uint8Array, Record<string, string>]>([
    ['a byte order mark and CRLF', (file) => `\ufeff${file.replaceAll('\n', '\r\n')}`, CSV],
    ['its charset', (file) => file, { 'content-type': 'text/csv; charset="UTF-8"; header=present' }],
    ['gzip', gzipSync, { ...CSV, 'content-encoding': 'gzip' }],
  ])('comes with %s', async (_name, encode, headers) => {
    const sku = newSku();
    const done = await importFile(manager.api, encode(`"price",sku,name\n1,${sku},Säge 😀\n`), headers);
    expect(countsOf(done)).toEqual([1, 1, 0, 0, 0]);
    expect((await walk(manager.api, `/v1/products?sku=${sku}`))[0]).toMatchObject({
      name: 'Säge 😀',
      price: 1,
    });
  });
});
