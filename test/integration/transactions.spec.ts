import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Transactions } from '../../src/platform/database/transactions.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

let app: TestApp;
let transactions: Transactions;

beforeAll(async () => {
  app = await startTestApp();
  transactions = app.app.get(Transactions);
});
afterAll(() => app.close());

const nothing = () => Promise.resolve();
const idOf = async (tx: { query: TestApp['dataSource']['query'] }) =>
  (await tx.query<{ id: string }[]>('SELECT pg_current_xact_id()::text AS id'))[0]?.id;

describe('work that is done together', () => {
  it('has one transaction, also where it begins several at the same time', async () => {
    const begin = vi.fn(nothing);
    const ids = await transactions.runIdempotent({ begin, end: nothing }, () =>
      Promise.all([transactions.run(idOf), transactions.run(idOf), transactions.statement(idOf)]),
    );
    expect(new Set(ids).size).toBe(1);
    expect(begin).toHaveBeenCalledOnce();
  });

  it('has none once it could not begin, whoever asks again', async () => {
    const begin = () => Promise.reject(new Error('taken'));
    const effect = vi.fn(idOf);
    const stubborn = () => transactions.run(effect).catch(() => transactions.run(effect));
    await expect(transactions.runIdempotent({ begin, end: nothing }, stubborn)).rejects.toThrow('taken');
    expect(effect).not.toHaveBeenCalled();
  });

  it('does what waits for the commit after it, and not at all if it fails', async () => {
    const done: string[] = [];
    const work = (name: string) => () =>
      transactions.run((tx) => {
        transactions.afterCommit(tx, () => done.push(name));
        return Promise.resolve();
      });
    const end = () => Promise.resolve(void done.push('end'));
    await transactions.runIdempotent({ begin: nothing, end }, work('after'));
    expect(done).toEqual(['end', 'after']);
    const fails = () => Promise.reject(new Error('no'));
    await expect(transactions.runIdempotent({ begin: nothing, end: fails }, work('never'))).rejects.toThrow(
      'no',
    );
    await work('alone')();
    expect(done).toEqual(['end', 'after', 'alone']);
  });

  it('must begin one: what it did elsewhere would not commit with the rest', async () => {
    await expect(transactions.runIdempotent({ begin: nothing, end: nothing }, nothing)).rejects.toThrow(
      'began none',
    );
  });
});

describe('what the database gives up because of a conflict', () => {
  type Tx = Parameters<Parameters<Transactions['run']>[0]>[0];
  const giveUp = (code: string) => `DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = '${code}'; END $$`;

  /** Work that is given up so often, and then succeeds. */
  const conflicting = (times: number, code = '40001') =>
    vi.fn(async (tx: Tx) => {
      await tx.query('SELECT 1');
      if ((times -= 1) >= 0) await tx.query(giveUp(code));
      return 'done';
    });

  it.each(['40001', '40P01'])('is done again from its beginning: %s', async (code) => {
    const done: string[] = [];
    const work = conflicting(2, code);
    const result = await transactions.run(async (tx) => {
      transactions.afterCommit(tx, () => done.push('committed'));
      return work(tx);
    });
    expect([result, work.mock.calls.length, done]).toEqual(['done', 3, ['committed']]);
    const statement = conflicting(2, code);
    expect(await transactions.statement(statement)).toBe('done');
    expect(statement).toHaveBeenCalledTimes(3);
  });

  it('is done again together with the frame', async () => {
    const begin = vi.fn(nothing);
    const end = vi.fn(nothing);
    const work = conflicting(3);
    const ids = new Set<unknown>();
    const all = () =>
      transactions.run(async (tx) => {
        ids.add(await idOf(tx));
        return work(tx);
      });
    expect(await transactions.runIdempotent({ begin, end }, all)).toBe('done');
    expect([work, begin, end].map(({ mock }) => mock.calls.length)).toEqual([4, 4, 1]);
    expect(ids.size).toBe(4);
  });

  it('is done four times at most', async () => {
    const work = conflicting(Infinity);
    await expect(transactions.run(work)).rejects.toThrow('conflict');
    await expect(
      transactions.runIdempotent({ begin: nothing, end: nothing }, () => transactions.run(work)),
    ).rejects.toThrow('conflict');
    expect(work).toHaveBeenCalledTimes(8);
  });

  it('is not done again where it cannot be, nor where anything else fails', async () => {
    const once = { isRepeatable: false };
    const [alone, shared, wrong] = [conflicting(1), conflicting(1), conflicting(1, '23514')];
    await expect(transactions.run(alone, once)).rejects.toThrow('conflict');
    const together = () => transactions.run(shared, once);
    await expect(transactions.runIdempotent({ begin: nothing, end: nothing }, together)).rejects.toThrow(
      'conflict',
    );
    await expect(transactions.run(wrong)).rejects.toThrow('conflict');
    for (const work of [alone, shared, wrong]) expect(work).toHaveBeenCalledOnce();
  });

  it('may be a real deadlock, after which both succeed', async () => {
    let waiting = 0;
    const lockBoth = (keys: readonly [number, number]) =>
      transactions.run(async (tx) => {
        const [first, second] = keys;
        await tx.query('SELECT pg_advisory_xact_lock($1)', [first]);
        waiting += 1;
        await until(() => waiting >= 2);
        await tx.query('SELECT pg_advisory_xact_lock($1)', [second]);
        return keys;
      });
    expect(await Promise.all([lockBoth([1, 2]), lockBoth([2, 1])])).toEqual([
      [1, 2],
      [2, 1],
    ]);
    expect(waiting).toBe(3);
  });
});
