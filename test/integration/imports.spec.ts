import type { EntityManager } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Transactions } from '../../src/platform/database/transactions.js';
import { ImportRunner } from '../../src/inventory/product-imports/import-runner.service.js';
import { StagedRowsRepository } from '../../src/inventory/product-imports/staged-rows.repository.js';
import { UpkeepService } from '../../src/inventory/product-imports/upkeep.service.js';
import { UploadsService } from '../../src/inventory/product-imports/uploads.service.js';
import { countsOf, ended, importFile, upload } from '../support/imports.js';
import { runJobsNow } from '../support/jobs.js';
import { holdLock } from '../support/locks.js';
import { aProduct } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

let app: TestApp;
let manager: SignedIn;

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
});
afterAll(() => app.close());
beforeEach(async () => {
  await app.dataSource.query(
    'DELETE FROM products; DELETE FROM product_imports; DELETE FROM product_import_rows',
  );
});
afterEach(() => {
  vi.restoreAllMocks();
});

const HEAD = 'sku,name,price\n';
/** Rows in some order. */
const fileOf = (name: string, from: number, to: number): string => {
  const count = to - from;
  return (
    HEAD + Array.from({ length: count }, (_, n) => `S-${from + ((n * 7919) % count)},${name},1\n`).join('')
  );
};
/** So that a file of some hundred rows has several of them. */
function makeBatchesSmall(): void {
  const repository = app.app.get(StagedRowsRepository);
  const next = repository.next.bind(repository);
  vi.spyOn(repository, 'next').mockImplementation((tx, id, after, { bytes }) =>
    next(tx, id, after, { rows: 100, bytes }),
  );
}

const products = async () =>
  (
    await app.dataSource.query<{ all: number; once: number; named: Record<string, number> }[]>(`
      SELECT coalesce(sum(n), 0)::int AS all, coalesce(sum(n) FILTER (WHERE version = 1), 0)::int AS once,
        coalesce(jsonb_object_agg(name, n), '{}') AS named
      FROM (SELECT name, version, count(*)::int AS n FROM products GROUP BY 1, 2) AS names`)
  )[0];

describe('two imports at once', () => {
  beforeEach(makeBatchesSmall);

  it('with the same skus are done one after the other', async () => {
    const [a, b] = await Promise.all([
      upload(manager.api, fileOf('A', 0, 2000)),
      upload(manager.api, fileOf('B', 1000, 3000)),
    ]);
    // A worker that has found nothing looks again after two seconds.
    const hurry = () => runJobsNow(app.dataSource);
    const ends = [await ended(manager.api, a.body.id, hurry), await ended(manager.api, b.body.id, hurry)];
    expect(ends.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
    const total = (key: 'created_rows' | 'updated_rows') => ends.reduce((sum, end) => sum + end[key], 0);
    expect([total('created_rows'), total('updated_rows')]).toEqual([3000, 1000]);
    expect((await products())?.all).toBe(3000);
  });

  it('agree with products that others create and change meanwhile', async () => {
    const started = await upload(manager.api, fileOf('Import', 0, 4000));
    const skus = Array.from({ length: 40 }, (_, n) => `S-${n * 99}`);
    await Promise.all(skus.map((sku) => manager.api.post('/v1/products', aProduct({ sku, name: 'Client' }))));
    const end = await ended(manager.api, started.body.id);
    expect(end).toMatchObject({ status: 'succeeded', processed_rows: 4000, failed_rows: 0 });
    expect(await products()).toMatchObject({ all: 4000, named: { Import: expect.any(Number) as number } });
    expect(Object.keys((await products())?.named ?? {})).toEqual(['Import']);
  });
});

describe('a product that somebody else changes while it is imported', () => {
  it.each([
    ['is tracked from then on', 'stock_tracked = true, in_stock = false', [1, 0, 0, 0, 1]],
    ['is deleted', 'deleted_at = now()', [1, 1, 0, 0, 0]],
    ['is renamed', `name = 'Theirs', version = version + 1`, [1, 0, 1, 0, 0]],
  ])('%s', async (_name, change, counts) => {
    await importFile(manager.api, `${HEAD}A,Thing,1\n`);
    const hold = await holdLock(app.config.database.url, `UPDATE products SET ${change}`);
    const { body } = await upload(manager.api, 'sku,name,price,in_stock\nA,Ours,1,true\n');
    await hold.waiters(1);
    await hold.release();
    const end = await ended(manager.api, body.id);
    expect(countsOf(end)).toEqual(counts);
    const [product] = await app.dataSource.query<{ name: string }[]>(
      'SELECT name FROM products WHERE deleted_at IS NULL',
    );
    expect(product?.name).toBe(end.failed_rows > 0 ? 'Thing' : 'Ours');
  });
});

describe('an import that is interrupted', () => {
  beforeEach(makeBatchesSmall);

  it.each([0, 1, 2, 3])(
    'after %i batches goes on with what is left, and does no row twice',
    async (batches) => {
      let done = 0;
      const repository = app.app.get(StagedRowsRepository);
      const batch = repository.applyBatch.bind(repository);
      const run = vi.spyOn(repository, 'applyBatch').mockImplementation(async (...args) => {
        const counts = await batch(...args);
        // Its work is done, and must be undone.
        if ((done += 1) > batches) throw new Error('interrupted');
        return counts;
      });
      const { body } = await upload(manager.api, fileOf('A', 0, 450) + fileOf('B', 0, 25).slice(HEAD.length));
      await until(() => done > batches);
      await until(async () => {
        const rows = await app.dataSource.query<unknown[]>(
          `SELECT 1 FROM graphile_worker._private_jobs WHERE last_error = 'interrupted' AND locked_at IS NULL`,
        );
        return rows.length === 1;
      });
      const halfDone = await manager.api.get(`/v1/product-imports/${body.id}`);
      expect(halfDone.body).toMatchObject({ status: 'running' });
      expect((await products())?.all).toBe(halfDone.body['created_rows']);
      run.mockRestore();
      await runJobsNow(app.dataSource);
      const end = await ended(manager.api, body.id);
      expect(countsOf(end)).toEqual([475, 450, 0, 25, 0]);
      expect(await products()).toEqual({ all: 450, once: 450, named: { A: 425, B: 25 } });
    },
  );

  it('by two workers at once does no row twice either', async () => {
    const service = app.app.get(ImportRunner);
    const run = vi.spyOn(service, 'run').mockResolvedValue();
    const { body } = await upload(manager.api, fileOf('A', 0, 450));
    await until(() => run.mock.calls.length > 0);
    run.mockRestore();
    const { signal } = new AbortController();
    await Promise.all([service.run(body.id, signal), service.run(body.id, signal)]);
    const end = await ended(manager.api, body.id);
    expect(countsOf(end)).toEqual([450, 450, 0, 0, 0]);
    expect(await products()).toEqual({ all: 450, once: 450, named: { A: 450 } });
  });

  it('stops between two batches when the service stops', async () => {
    const service = app.app.get(ImportRunner);
    const run = vi.spyOn(service, 'run').mockResolvedValue();
    const { body } = await upload(manager.api, fileOf('A', 0, 450));
    await until(() => run.mock.calls.length > 0);
    run.mockRestore();
    await expect(service.run(body.id, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
    expect((await products())?.all).toBe(0);
    await service.run(body.id, new AbortController().signal);
    expect((await products())?.all).toBe(450);
  });
});

describe('more rows of one sku than a batch has', () => {
  it('are superseded, before the last of them counts', async () => {
    const file = `${HEAD}A,First,1\n${Array.from({ length: 12_001 }, (_, n) => `S,${n},1\n`).join('')}Z,Last,1\n`;
    expect(countsOf(await importFile(manager.api, file))).toEqual([12_003, 3, 0, 12_000, 0]);
    expect(await products()).toMatchObject({ named: { First: 1, '12000': 1, Last: 1 } });
  });
});

describe('large rows', () => {
  it('make smaller batches', async () => {
    // No words: to index them would take longer than all else.
    const text = '-'.repeat(4500);
    const rows = Array.from({ length: 1200 }, (_, n) => `S-${n},Thing,1,${text}${n}\n`).join('');
    const next = vi.spyOn(app.app.get(StagedRowsRepository), 'applyBatch');
    const end = await importFile(manager.api, `sku,name,price,description\n${rows}`);
    expect(countsOf(end)).toEqual([1200, 1200, 0, 0, 0]);
    expect(next.mock.calls.length).toBeGreaterThanOrEqual(3);
  });
});

describe('upkeep', () => {
  it('fails uploads whose service is gone, and no others', async () => {
    const insert = (tx: EntityManager, id: string, age: string) =>
      tx.query(
        `INSERT INTO product_imports (id, status, dry_run, created_by, version, created_at)
         VALUES ($1, 'pending', false, $1, 1, now() - $2::interval)`,
        [id, age],
      );
    const [lost, young, alive] = [1, 2, 3].map((n) => `0198c0de-7a11-7b3c-9d4e-00000000000${n}`) as [
      string,
      string,
      string,
    ];
    const uploading = app.dataSource.createQueryRunner();
    await uploading.startTransaction();
    await uploading.query('SELECT pg_advisory_xact_lock(1954311, hashtext($1))', [alive]);
    await insert(app.dataSource.manager, alive, '1 hour');
    const transactions = app.app.get(Transactions);
    const frame = { begin: () => Promise.resolve(), end: () => Promise.resolve() };
    // One transaction has one time: what is young in it stays young until its end, and only until then.
    const statuses = await transactions.runIdempotent(frame, () =>
      transactions.run(async (tx) => {
        await insert(tx, lost, '61 seconds');
        await insert(tx, young, '59 seconds');
        await app.app.get(UploadsService).failLost();
        return tx.query<unknown[]>('SELECT id, status FROM product_imports ORDER BY id');
      }),
    );
    expect(statuses).toEqual([
      { id: lost, status: 'failed' },
      { id: young, status: 'pending' },
      { id: alive, status: 'pending' },
    ]);
    const statusOf = async (id: string) => (await manager.api.get(`/v1/product-imports/${id}`)).body;
    expect(await statusOf(lost)).toMatchObject({ status: 'failed', error: { code: 'upload_incomplete' } });
    expect(await statusOf(alive)).toMatchObject({ status: 'pending' });
    await uploading.rollbackTransaction();
    await uploading.release();
  });

  it('forgets row errors after 30 days', async () => {
    const old = await importFile(manager.api, `${HEAD}A,,1\n`);
    const recent = await importFile(manager.api, `${HEAD}A,,1\n`);
    await app.dataSource.query(
      `UPDATE product_imports SET finished_at = now() - interval '31 days' WHERE id = $1`,
      [old.id],
    );
    await app.app.get(UpkeepService).removeExpired({ signal: new AbortController().signal });
    const errorsOf = async (id: string) => (await manager.api.get(`/v1/product-imports/${id}`)).body.errors;
    expect(await errorsOf(old.id)).toEqual([]);
    expect(await errorsOf(recent.id)).toHaveLength(1);
    const { text } = await manager.api.get(`/v1/product-imports/${old.id}/errors`);
    expect(text).toBe('line,field,code,message\r\n');
  });
});
