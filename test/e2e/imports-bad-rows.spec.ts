import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countsOf, importFile, NDJSON } from '../support/imports.js';
import { createProduct, newSku, walk } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let manager: SignedIn;

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
});
afterAll(() => app.close());

describe('rows that fail', () => {
  it('are told with their lines and fields, and keep no other from being carried out', async () => {
    const good = newSku();
    const file =
      'sku,name,price,currency,in_stock\n' +
      `${good},"Good\n\none",1,,\n` +
      `a b,,0,XXY,maybe\n` +
      `A,B\n` +
      `A,B\u0000,1,,\n`;
    const done = await importFile(manager.api, file);
    expect(done.status).toBe('succeeded');
    expect(countsOf(done)).toEqual([4, 1, 0, 0, 3]);
    expect(done.errors.map(({ line, field, code }) => [line, field, code])).toEqual([
      [5, 'sku', 'pattern'],
      [5, 'name', 'required'],
      [5, 'price', 'min'],
      [5, 'currency', 'currency'],
      [5, 'in_stock', 'type'],
      [6, null, 'cells'],
      [7, 'name', 'text'],
    ]);
    expect(await walk(manager.api, `/v1/products?sku=${good}`)).toHaveLength(1);
  });

  it('of NDJSON are told apart from each other', async () => {
    const sku = newSku();
    const lines = [
      { sku, name: 'Good', price: 1, id: 'x', created_at: 1 },
      { sku, name: 'Bad', price: '1' },
      { sku, name: 'Bad', price: 1, colour: 'red' },
      { sku, name: 'Bad', price: 1, currency: null },
      [sku],
    ];
    const file = [...lines.map((line) => JSON.stringify(line)), '{', `{"sku": "\\ud800"}`].join('\n');
    const done = await importFile(manager.api, file, NDJSON);
    expect(countsOf(done)).toEqual([7, 1, 0, 0, 6]);
    expect(done.errors.map(({ line, field, code }) => [line, field, code])).toEqual([
      [2, 'price', 'type'],
      [3, 'colour', 'unknown_field'],
      [4, 'currency', 'currency'],
      [5, null, 'type'],
      [6, null, 'json'],
      [7, 'sku', 'text'],
    ]);
  });

  it('are all in the error file, and the first thousand in the import', async () => {
    const file = `sku,name,price\n${'A,B,0\n'.repeat(2500)}`;
    const done = await importFile(manager.api, file);
    expect(countsOf(done)).toEqual([2500, 0, 0, 0, 2500]);
    expect(done.errors).toHaveLength(1000);
    expect(done.errors.at(-1)?.line).toBe(1001);
    const { status, text, headers } = await manager.api.get(`/v1/product-imports/${done.id}/errors`);
    expect(headers.get('cache-control')).toBe('private, no-cache');
    expect(headers.get('vary')).toBe('Accept, Authorization');
    expect([status, headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8']);
    const rows = text.split('\r\n');
    expect(rows).toHaveLength(2502);
    expect(rows[0]).toBe('line,field,code,message');
    expect(rows[2500]).toBe('2501,price,min,price must be greater than 0');
  });

  it('cannot put formulas into the error file', async () => {
    const file = `{"sku":"A","name":"B","price":1,"=cmd|' /C calc'!A0":1}\n{"sku":"A","name":"B","price":1,"a\\"b,c":1}\n`;
    const done = await importFile(manager.api, file, NDJSON);
    const { text } = await manager.api.get(`/v1/product-imports/${done.id}/errors`);
    expect(text.split('\r\n').slice(1, 3)).toEqual([
      `2,'=cmd|' /C calc'!A0,unknown_field,'=cmd|' /C calc'!A0 is unknown`.replace(/^2/, '1'),
      `2,"a""b,c",unknown_field,"a""b,c is unknown"`,
    ]);
  });

  it.each(['', '?dry_run=true'])(
    'of products whose stock is tracked are those that would change it%s',
    async (query) => {
      const same = await createProduct(manager.api, { in_stock: true, name: 'A' });
      const other = await createProduct(manager.api, { in_stock: true, name: 'A' });
      const silent = await createProduct(manager.api, { in_stock: false, name: 'A' });
      const ids = [same.id, other.id, silent.id];
      await app.dataSource.query('UPDATE products SET stock_tracked = true WHERE id = ANY ($1)', [ids]);
      const file =
        'sku,name,price,in_stock\n' +
        `${same.sku},New,24.9,true\n${other.sku},New,24.9,false\n${silent.sku},New,24.9,\n`;
      const done = await importFile(manager.api, file, undefined, query);
      expect(countsOf(done)).toEqual([3, 0, 2, 0, 1]);
      expect(done.errors).toEqual([
        {
          line: 3,
          field: 'in_stock',
          code: 'conflict',
          message: expect.stringContaining('tracked') as string,
        },
      ]);
      expect((await manager.api.get(`/v1/products/${other.id}`)).body).toEqual(other);
    },
  );
});

describe('an export', () => {
  it('can be imported again without a change', async () => {
    await createProduct(manager.api, { sku: '-A', name: '=SUM(A1)', description: '\'+x, "y"\r\nz' });
    await createProduct(manager.api, { description: '', in_stock: false, currency: 'EUR' });
    const before = await walk(manager.api, '/v1/products');
    const quote = (text: string) => `"${text.replace(/^'*[=+\-@\t\r\n]/, "'$&").replaceAll('"', '""')}"`;
    const lines = before.map((product) =>
      [
        product.id,
        quote(product.sku),
        quote(product.name),
        product.description === null ? '' : quote(product.description),
        product.price,
        product.currency,
        product.in_stock,
        product.created_at,
        product.updated_at,
      ].join(','),
    );
    const csv = ['id,sku,name,description,price,currency,in_stock,created_at,updated_at', ...lines].join(
      '\r\n',
    );
    expect(countsOf(await importFile(manager.api, csv))).toEqual([before.length, 0, 0, before.length, 0]);
    const ndjson = before.map((product) => JSON.stringify(product)).join('\n');
    const again = await importFile(manager.api, ndjson, NDJSON);
    expect(countsOf(again)).toEqual([before.length, 0, 0, before.length, 0]);
    expect(await walk(manager.api, '/v1/products')).toEqual(before);
  });
});
