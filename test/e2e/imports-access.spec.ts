import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ended, importFile, upload } from '../support/imports.js';
import type { ImportBody } from '../support/imports.js';
import { newSku } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

const FILE = 'sku,name,price\n';

let app: TestApp;
let manager: SignedIn;

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
});
afterAll(() => app.close());

const eventsOf = async (id: string): Promise<string[]> => {
  const events = await app.dataSource.query<{ type: string; actor: string }[]>(
    'SELECT type, actor_type AS actor FROM events WHERE resource_id = $1 ORDER BY position',
    [id],
  );
  return events.map(({ type, actor }) => `${type} by ${actor}`);
};

/** Holds the imports up: an import starts by changing its row. */
async function whileHeldUp<T>(work: () => Promise<T>): Promise<T> {
  const runner = app.dataSource.createQueryRunner();
  await runner.startTransaction();
  await runner.query('SELECT id FROM products FOR UPDATE');
  await runner.query('LOCK TABLE products IN SHARE MODE');
  try {
    return await work();
  } finally {
    await runner.commitTransaction();
    await runner.release();
  }
}

describe('imports', () => {
  it('belong to the catalogue: everybody who may import sees all of them, page by page', async () => {
    const colleague = await app.signIn('admin');
    const ids = [(await importFile(manager.api, FILE)).id, (await importFile(colleague.api, FILE)).id];
    const first = await colleague.api.get<{ data: ImportBody[]; next_cursor: string }>(
      '/v1/product-imports?limit=1',
    );
    expect(first.body.data.map(({ id }) => id)).toEqual([ids[1]]);
    expect(first.body.data[0]).not.toHaveProperty('errors');
    const next = await manager.api.get<{ data: ImportBody[] }>(
      `/v1/product-imports?limit=1&cursor=${first.body.next_cursor}`,
    );
    expect(next.body.data.map(({ id }) => id)).toEqual([ids[0]]);
    expect((await colleague.api.get(`/v1/product-imports/${String(ids[0])}`)).status).toBe(200);
  });

  it('have an ETag that changes with them', async () => {
    const { id } = await importFile(manager.api, FILE);
    const path = `/v1/product-imports/${id}`;
    const etag = (await manager.api.get(path)).headers.get('etag') ?? '';
    expect((await manager.api.get(path, { 'if-none-match': etag })).status).toBe(304);
    expect((await manager.api.get(path, { 'if-none-match': '"v1"' })).status).toBe(200);
  });

  it('are recorded', async () => {
    const done = await importFile(manager.api, FILE);
    expect(await eventsOf(done.id)).toEqual(['import.created by user', 'import.succeeded by system']);
    await upload(manager.api, `${FILE}A,"B`);
    const { body } = await manager.api.get<{ data: ImportBody[] }>('/v1/product-imports?limit=1');
    expect(body.data[0]?.status).toBe('failed');
    expect(await eventsOf(body.data[0]?.id ?? '')).toEqual([
      'import.created by user',
      'import.failed by user',
    ]);
  });

  it('can be cancelled until they end, and then change nothing more', async () => {
    const sku = newSku();
    const { id } = await whileHeldUp(async () => {
      const { body } = await upload(manager.api, `${FILE}${sku},Thing,1\n`);
      const path = `/v1/product-imports/${body.id}`;
      expect((await manager.api.patch(path, { status: 'cancelled' }, { 'if-match': '"v99"' })).status).toBe(
        412,
      );
      expect((await manager.api.patch(path, { status: 'succeeded' })).status).toBe(422);
      const { status, body: cancelled } = await manager.api.patch<ImportBody>(path, { status: 'cancelled' });
      expect([status, cancelled.status, cancelled.processed_rows]).toEqual([200, 'cancelled', 0]);
      return body;
    });
    expect((await ended(manager.api, id)).status).toBe('cancelled');
    // The next one is done when whatever was left of this one is.
    await importFile(manager.api, FILE);
    expect(await app.dataSource.query('SELECT 1 FROM product_import_rows')).toEqual([]);
    expect((await manager.api.get<{ data: unknown[] }>(`/v1/products?sku=${sku}`)).body.data).toEqual([]);
    expect(await eventsOf(id)).toEqual(['import.created by user', 'import.cancelled by user']);
    const again = await manager.api.patch(`/v1/product-imports/${id}`, { status: 'cancelled' });
    expect([again.status, again.body.code]).toEqual([409, 'invalid_transition']);
  });
});
