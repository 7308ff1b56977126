import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CarryOutService } from '../../src/product-imports/carry-out.service.js';
import { StagedRowsRepository } from '../../src/product-imports/staged-rows.repository.js';
import { UpkeepService } from '../../src/product-imports/upkeep.service.js';
import { UploadsService } from '../../src/product-imports/uploads.service.js';
import { countsOf, ended, importFile, upload } from '../support/imports.js';
import { runJobsNow } from '../support/jobs.js';
import { holdLock } from '../support/locks.js';
import { aProduct } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

let app: TestApp;
let manager: SignedIn;

beforeEach(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await app.close();
});

const HEAD = 'sku,name,price\n';
/** Twelve thousand rows in some order: several batches. */
const fileOf = (name: string, from: number, to: number): string => {
  const count = to - from;
  return (
    HEAD + Array.from({ length: count }, (_, n) => `S-${from + ((n * 7919) % count)},${name},1\n`).join('')
  );
};
const products = async () =>
  (
    await app.dataSource.query<{ all: number; once: number; named: Record<string, number> }[]>(`
      SELECT coalesce(sum(n), 0)::int AS all, coalesce(sum(n) FILTER (WHERE version = 1), 0)::int AS once,
        coalesce(jsonb_object_agg(name, n), '{}') AS named
      FROM (SELECT name, version, count(*)::int AS n FROM products GROUP BY 1, 2) AS names`)
  )[0];

describe('two imports at once', () => {
  it('with the same skus are done one after the other', async () => {
    const [a, b] = await Promise.all([
      upload(manager.api, fileOf('A', 0, 12_000)),
      upload(manager.api, fileOf('B', 6_000, 18_000)),
    ]);
    const ends = [await ended(manager.api, a.body.id), await ended(manager.api, b.body.id)];
    expect(ends.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
    const total = (key: 'created_rows' | 'updated_rows') => ends.reduce((sum, end) => sum + end[key], 0);
    expect([total('created_rows'), total('updated_rows')]).toEqual([18_000, 6_000]);
    expect((await products())?.all).toBe(18_000);
  });

  it('agree with products that others create and change meanwhile', async () => {
    const started = await upload(manager.api, fileOf('Import', 0, 12_000));
    const skus = Array.from({ length: 40 }, (_, n) => `S-${n * 299}`);
    await Promise.all(skus.map((sku) => manager.api.post('/v1/products', aProduct({ sku, name: 'Client' }))));
    const end = await ended(manager.api, started.body.id);
    expect(end).toMatchObject({ status: 'succeeded', processed_rows: 12_000, failed_rows: 0 });
    expect(await products()).toMatchObject({ all: 12_000, named: { Import: expect.any(Number) as number } });
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
  it.each([0, 1, 2, 3])(
    'after %i batches goes on with what is left, and does no row twice',
    async (batches) => {
      let done = 0;
      const repository = app.app.get(StagedRowsRepository);
      const batch = repository.carryOut.bind(repository);
      vi.spyOn(repository, 'carryOut').mockImplementation(async (...args) => {
        const counts = await batch(...args);
        // Its work is done, and must be undone.
        if ((done += 1) > batches) throw new Error('interrupted');
        return counts;
      });
      const { body } = await upload(
        manager.api,
        fileOf('A', 0, 18_000) + fileOf('B', 0, 1000).slice(HEAD.length),
      );
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
      vi.restoreAllMocks();
      await runJobsNow(app.dataSource);
      const end = await ended(manager.api, body.id);
      expect(countsOf(end)).toEqual([19_000, 18_000, 0, 1000, 0]);
      expect(await products()).toEqual({ all: 18_000, once: 18_000, named: { A: 17_000, B: 1000 } });
    },
  );

  it('by two workers at once does no row twice either', async () => {
    const service = app.app.get(CarryOutService);
    const carryOut = vi.spyOn(service, 'carryOut').mockResolvedValue();
    const { body } = await upload(manager.api, fileOf('A', 0, 18_000));
    await until(() => carryOut.mock.calls.length > 0);
    carryOut.mockRestore();
    const { signal } = new AbortController();
    await Promise.all([service.carryOut(body.id, signal), service.carryOut(body.id, signal)]);
    const end = await ended(manager.api, body.id);
    expect(countsOf(end)).toEqual([18_000, 18_000, 0, 0, 0]);
    expect(await products()).toEqual({ all: 18_000, once: 18_000, named: { A: 18_000 } });
  });

  it('stops between two batches when the service stops', async () => {
    const service = app.app.get(CarryOutService);
    const carryOut = vi.spyOn(service, 'carryOut').mockResolvedValue();
    const { body } = await upload(manager.api, fileOf('A', 0, 18_000));
    await until(() => carryOut.mock.calls.length > 0);
    carryOut.mockRestore();
    await expect(service.carryOut(body.id, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
    expect((await products())?.all).toBe(0);
    await service.carryOut(body.id, new AbortController().signal);
    expect((await products())?.all).toBe(18_000);
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
    const text = 'wort '.repeat(900);
    const rows = Array.from({ length: 1200 }, (_, n) => `S-${n},Thing,1,${text}${n}\n`).join('');
    const next = vi.spyOn(app.app.get(StagedRowsRepository), 'carryOut');
    const end = await importFile(manager.api, `sku,name,price,description\n${rows}`);
    expect(countsOf(end)).toEqual([1200, 1200, 0, 0, 0]);
    expect(next.mock.calls.length).toBeGreaterThanOrEqual(3);
  });
});

describe('upkeep', () => {
  it('fails uploads whose service is gone, and no others', async () => {
    const insert = (id: string, age: string) =>
      app.dataSource.query(
        `INSERT INTO product_imports (id, status, dry_run, created_by, version, created_at)
         VALUES ($1, 'pending', false, $1, 1, now() - $2::interval)`,
        [id, age],
      );
    const [lost, young, alive] = [1, 2, 3].map((n) => `0198c0de-7a11-7b3c-9d4e-00000000000${n}`) as [
      string,
      string,
      string,
    ];
    await insert(lost, '61 seconds');
    await insert(young, '10 seconds');
    await insert(alive, '1 hour');
    const runner = app.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query('SELECT pg_advisory_xact_lock(1954311, hashtext($1))', [alive]);
    await app.app.get(UploadsService).failLost();
    await runner.rollbackTransaction();
    await runner.release();
    const statusOf = async (id: string) => (await manager.api.get(`/v1/product-imports/${id}`)).body;
    expect(await statusOf(lost)).toMatchObject({ status: 'failed', error: { code: 'upload_incomplete' } });
    expect(await statusOf(young)).toMatchObject({ status: 'pending' });
    expect(await statusOf(alive)).toMatchObject({ status: 'pending' });
  });

  it('forgets row errors after 30 days', async () => {
    const old = await importFile(manager.api, `${HEAD}A,,1\n`);
    const recent = await importFile(manager.api, `${HEAD}A,,1\n`);
    await app.dataSource.query(
      `UPDATE product_imports SET finished_at = now() - interval '31 days' WHERE id = $1`,
      [old.id],
    );
    await app.app.get(UpkeepService).removeExpired(new AbortController().signal);
    const errorsOf = async (id: string) => (await manager.api.get(`/v1/product-imports/${id}`)).body.errors;
    expect(await errorsOf(old.id)).toEqual([]);
    expect(await errorsOf(recent.id)).toHaveLength(1);
    const { text } = await manager.api.get(`/v1/product-imports/${old.id}/errors`);
    expect(text).toBe('line,field,code,message\r\n');
  });
});
