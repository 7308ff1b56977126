import { setTimeout as sleep } from 'node:timers/promises';
import type { EntityManager, QueryRunner } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Transactions } from '../../src/platform/database/transactions.js';
import { EventFeed } from '../../src/platform/events/event-feed.js';
import { EventLog } from '../../src/platform/events/event-log.js';
import type { LoggedEvent } from '../../src/platform/events/logged-event.entity.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';
import { randomFrom, SEED } from '../support/seed.js';

const random = randomFrom(SEED);

const WRITERS = 12;
const ROUNDS = 25;

let app: TestApp;
let feed: EventFeed;
let log: EventLog;
let transactions: Transactions;
let runners: QueryRunner[];

beforeAll(async () => {
  app = await startTestApp({ DATABASE_POOL_SIZE: String(WRITERS + 3) });
  feed = app.app.get(EventFeed);
  log = app.app.get(EventLog);
  transactions = app.app.get(Transactions);
});
afterAll(() => app.close());

beforeEach(() => {
  runners = [];
});
afterEach(async () => {
  for (const runner of runners) {
    if (runner.isTransactionActive) await runner.rollbackTransaction();
    await runner.release();
  }
});

const append = (tx: EntityManager, mark: string) =>
  log.append(tx, { type: 'stock.moved', resourceId: null, details: { mark } });

async function begin(): Promise<QueryRunner> {
  const runner = app.dataSource.createQueryRunner();
  runners.push(runner);
  await runner.startTransaction();
  return runner;
}

const last = () => feed.last(app.dataSource.manager);

async function marksBehind(position: string): Promise<unknown[]> {
  const events = await feed.readBehind(app.dataSource.manager, position, 100);
  return events.map(({ details }) => details?.mark);
}

describe('what can be read of the event log', () => {
  it('ends before an event that may still be committed', async () => {
    const start = await last();
    const [early, late] = [await begin(), await begin()];
    await append(early.manager, 'early');
    await append(late.manager, 'late');
    await append(early.manager, 'early again');
    await late.commitTransaction();
    expect(await marksBehind(start)).toEqual([]);
    expect(await last()).toBe(start);
    await early.commitTransaction();
    expect(await marksBehind(start)).toEqual(['early', 'late', 'early again']);
  });

  it('goes on behind an event that never will be', async () => {
    const start = await last();
    const [early, late] = [await begin(), await begin()];
    await append(early.manager, 'early');
    await append(late.manager, 'late');
    await late.commitTransaction();
    await early.rollbackTransaction();
    expect(await marksBehind(start)).toEqual(['late']);
  });

  it('holds back what a transaction appends after it took back its first event', async () => {
    const start = await last();
    const [early, late] = [await begin(), await begin()];
    await early.query('SAVEPOINT attempt');
    await append(early.manager, 'taken back');
    await early.query('ROLLBACK TO attempt');
    await append(early.manager, 'early');
    await append(late.manager, 'late');
    await late.commitTransaction();
    expect(await marksBehind(start)).toEqual([]);
    await early.commitTransaction();
    expect(await marksBehind(start)).toEqual(['early', 'late']);
  });

  it.each([2 ** 31 - 2, 2 ** 32 - 2, 2 ** 53])('is the same around position %d', async (position) => {
    await app.dataSource.query(`SELECT setval('events_position_seq', $1)`, [position]);
    for (let count = 0; count < 4; count += 1) {
      const start = await last();
      const [early, late] = [await begin(), await begin()];
      await append(early.manager, 'early');
      await append(late.manager, 'late');
      await late.commitTransaction();
      expect(await last()).toBe(start);
      await early.commitTransaction();
      expect(await marksBehind(start)).toEqual(['early', 'late']);
    }
  });

  it('takes one lock for a transaction, however much that appends', async () => {
    const runner = await begin();
    for (let count = 0; count < 5; count += 1) await append(runner.manager, 'one of many');
    const locks: unknown = await runner.query(
      `SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()`,
    );
    expect(locks).toHaveLength(1);
  });

  it('cannot be asked for by a snapshot that is older than the question', async () => {
    const read = app.dataSource.transaction('REPEATABLE READ', (tx) => feed.readBehind(tx, '0', 1));
    await expect(read).rejects.toThrow('may lack events');
  });
});

/** Appends one or two events in each of many transactions, and takes a third of them back. Returns what was committed. */
async function write(writer: number): Promise<string[]> {
  const committed: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const marks = [`${writer}.${round}`, ...(random() < 0.5 ? [`${writer}.${round}+`] : [])];
    const work = transactions.run(async (tx) => {
      for (const mark of marks) {
        await append(tx, mark);
        await sleep(random() * 10);
      }
      if (random() < 0.3) throw new Error('taken back');
    });
    await work.then(() => committed.push(...marks)).catch(() => undefined);
  }
  return committed;
}

/** Reads in small steps, until it found nothing although everybody had ended. */
async function follow(position: string, isOver: () => boolean): Promise<LoggedEvent[]> {
  const seen: LoggedEvent[] = [];
  for (let more = true; more;) {
    const wasOver = isOver();
    const events = await feed.readBehind(app.dataSource.manager, seen.at(-1)?.position ?? position, 7);
    seen.push(...events);
    more = !wasOver || events.length > 0;
  }
  return seen;
}

describe('a reader that follows by position while many connections append', () => {
  it('sees everything that is committed, once, in order', async () => {
    let isOver = false;
    const reading = follow(await last(), () => isOver);
    const committed = (await Promise.all(Array.from({ length: WRITERS }, (_, index) => write(index)))).flat();
    isOver = true;
    const seen = await reading;
    expect(seen.map(({ details }) => details?.mark).sort()).toEqual(committed.sort());
    const positions = seen.map(({ position }) => BigInt(position));
    expect(positions).toEqual(positions.toSorted((a, b) => (a < b ? -1 : 1)));
  });
});

describe('a subscriber', () => {
  it('is called for what this instance commits and for what others do, until it leaves', async () => {
    const listener = vi.fn();
    const leave = feed.subscribe(listener);
    // Of what was there before, only the first subscriber of all can be told.
    await transactions.run((tx) => append(tx, 'first'));
    await until(() => listener.mock.calls.length > 0);
    for (const work of [
      () => transactions.run((tx) => append(tx, 'here')),
      () =>
        app.dataSource.query(
          `INSERT INTO events (id, type, actor_type, resource_type, created_at)
           VALUES (gen_random_uuid(), 'stock.moved', 'system', 'stock', now())`,
        ),
    ]) {
      const before = listener.mock.calls.length;
      await work();
      await until(() => listener.mock.calls.length > before);
    }
    leave();
    const stay = vi.fn();
    const end = feed.subscribe(stay);
    listener.mockClear();
    await transactions.run((tx) => append(tx, 'later'));
    await until(() => stay.mock.calls.length > 0);
    expect(listener).not.toHaveBeenCalled();
    end();
  });
});
