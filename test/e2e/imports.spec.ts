import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countsOf, CSV, importFile, NDJSON, upload } from '../support/imports.js';
import { createProduct, newSku, walk } from '../support/products.js';
import type { ProductBody } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let manager: SignedIn;

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
});
afterAll(() => app.close());

const productOf = async (sku: string): Promise<ProductBody | undefined> =>
  (await walk(manager.api, `/v1/products?sku=${sku}`))[0];

describe('POST /v1/product-imports', () => {
  it('answers with a job that can be looked at until it is done', async () => {
    const sku = newSku();
    const { status, body, headers } = await upload(manager.api, `sku,name,price\n${sku},Thing,12.50\n`);
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`/v1/product-imports/${body.id}`);
    expect(headers.get('etag')).toMatch(/^"v\d+"$/);
    expect(body).toMatchObject({
      status: 'pending',
      total_rows: 1,
      processed_rows: 0,
      created_by: manager.id,
    });
    const done = await importFile(manager.api, `sku,name,price\n${sku},Thing,12.50\n`);
    expect(done).toMatchObject({ status: 'succeeded', dry_run: false, error: null, errors: [] });
    expect(countsOf(done)).toEqual([1, 0, 0, 1, 0]);
    expect(done['finished_at']).not.toBeNull();
    expect(await productOf(sku)).toMatchObject({
      name: 'Thing',
      price: 12.5,
      currency: 'USD',
      in_stock: true,
    });
  });

  it('reads NDJSON', async () => {
    const skus = [newSku(), newSku()];
    const lines = [
      { sku: skus[0], name: 'A', price: 0.01, description: null, currency: 'EUR', in_stock: false },
      { sku: skus[1], name: 'B', price: 99999999.99, description: 'Zeile\n"2"\\ \t' },
    ];
    const file = lines.map((line) => JSON.stringify(line)).join('\r\n\n');
    expect(countsOf(await importFile(manager.api, file, NDJSON))).toEqual([2, 2, 0, 0, 0]);
    expect(await productOf(skus[0] ?? '')).toMatchObject(lines[0] ?? {});
    expect(await productOf(skus[1] ?? '')).toMatchObject(lines[1] ?? {});
  });

  it('changes what differs, and only that', async () => {
    const same = await createProduct(manager.api, { name: 'Same', price: 1, description: 'd' });
    const other = await createProduct(manager.api, {
      name: 'Other',
      price: 1,
      description: 'd',
      currency: 'EUR',
    });
    const file = `price,sku,name\n1.00,${same.sku},Same\n2,${other.sku},Other\n`;
    expect(countsOf(await importFile(manager.api, file))).toEqual([2, 0, 1, 1, 0]);
    expect(await productOf(same.sku)).toEqual(same);
    expect(await productOf(other.sku)).toMatchObject({
      ...other,
      price: 2,
      updated_at: expect.any(String) as string,
    });
    const { headers } = await manager.api.get(`/v1/products/${same.id}`);
    expect(headers.get('etag')).toBe('"v1"');
  });

  it('tells a cell that is empty from one with an empty text', async () => {
    const cleared = await createProduct(manager.api, { description: 'd', currency: 'EUR', in_stock: false });
    const emptied = await createProduct(manager.api, { description: 'd' });
    const file =
      'sku,name,price,description,currency,in_stock\r\n' +
      `${cleared.sku},${cleared.name},24.9,,,\r\n${emptied.sku},${emptied.name},24.9,"",USD,true\r\n`;
    expect(countsOf(await importFile(manager.api, file))).toEqual([2, 0, 2, 0, 0]);
    expect(await productOf(cleared.sku)).toMatchObject({
      description: null,
      currency: 'EUR',
      in_stock: false,
    });
    expect(await productOf(emptied.sku)).toMatchObject({ description: '' });
  });

  it('lets the last row of a sku win', async () => {
    const sku = newSku();
    const file = `sku,name,price\n${sku},First,1\n${sku},Second,2\n${sku},,3\n`;
    const done = await importFile(manager.api, file);
    expect(countsOf(done)).toEqual([3, 1, 0, 1, 1]);
    expect(done.errors).toEqual([{ line: 4, field: 'name', code: 'required', message: 'name is required' }]);
    expect(await productOf(sku)).toMatchObject({ name: 'Second', price: 2 });
  });

  it('counts the same in a dry run, and changes nothing', async () => {
    const old = await createProduct(manager.api);
    const sku = newSku();
    const file = `sku,name,price\n${old.sku},New name,1\n${sku},Thing,2\n${sku},Thing,3\n,Thing,4\n`;
    const dry = await importFile(manager.api, file, CSV, '?dry_run=true');
    expect(dry.dry_run).toBe(true);
    expect(await productOf(old.sku)).toEqual(old);
    expect(await productOf(sku)).toBeUndefined();
    const wet = await importFile(manager.api, file, CSV, '?dry_run=false');
    expect(countsOf(wet)).toEqual(countsOf(dry));
    expect(countsOf(wet)).toEqual([4, 1, 1, 1, 1]);
  });
});
