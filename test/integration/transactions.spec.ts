import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Transactions } from '../../src/database/transactions.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

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
    const ids = await transactions.together({ begin, end: nothing }, () =>
      Promise.all([transactions.run(idOf), transactions.run(idOf), transactions.statement(idOf)]),
    );
    expect(new Set(ids).size).toBe(1);
    expect(begin).toHaveBeenCalledOnce();
  });

  it('has none once it could not begin, whoever asks again', async () => {
    const begin = () => Promise.reject(new Error('taken'));
    const effect = vi.fn(idOf);
    const stubborn = () => transactions.run(effect).catch(() => transactions.run(effect));
    await expect(transactions.together({ begin, end: nothing }, stubborn)).rejects.toThrow('taken');
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
    await transactions.together({ begin: nothing, end }, work('after'));
    expect(done).toEqual(['end', 'after']);
    const fails = () => Promise.reject(new Error('no'));
    await expect(transactions.together({ begin: nothing, end: fails }, work('never'))).rejects.toThrow('no');
    await work('alone')();
    expect(done).toEqual(['end', 'after', 'alone']);
  });

  it('must begin one: what it did elsewhere would not commit with the rest', async () => {
    await expect(transactions.together({ begin: nothing, end: nothing }, nothing)).rejects.toThrow(
      'began none',
    );
  });
});
