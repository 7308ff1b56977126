import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Loop } from './loop.js';

const PACE = { restMs: 1, everyMs: 60_000 };
const failures: unknown[] = [];
const loopOf = (round: () => Promise<void>, pace = PACE) =>
  new Loop(round, pace, (error) => failures.push(error));

it('does a round when it starts, and another one when it is woken, also during a round', async () => {
  let rounds = 0;
  const reached = Promise.withResolvers<undefined>();
  const loop = loopOf(() => {
    rounds += 1;
    if (rounds === 3) reached.resolve(undefined);
    else loop.wake();
    return Promise.resolve();
  });
  loop.start();
  await reached.promise;
  await loop.stop();
  expect(rounds).toBe(3);
});

it('does a round from time to time although nobody wakes it', async () => {
  const reached = Promise.withResolvers<undefined>();
  let rounds = 0;
  const loop = loopOf(
    () => {
      rounds += 1;
      if (rounds === 3) reached.resolve(undefined);
      return Promise.resolve();
    },
    { restMs: 0, everyMs: 1 },
  );
  loop.start();
  await reached.promise;
  await loop.stop();
});

it('never does two at once, and stops after the one that goes on', async () => {
  let running = 0;
  let most = 0;
  let isOver = false;
  const loop = loopOf(async () => {
    most = Math.max(most, ++running);
    await sleep(20);
    running -= 1;
    isOver = true;
  });
  loop.start();
  loop.wake();
  loop.wake();
  await loop.stop();
  expect([most, running, isOver]).toEqual([1, 0, true]);
});

it('tells of a failure, and goes on', async () => {
  const reached = Promise.withResolvers<undefined>();
  let rounds = 0;
  const loop = loopOf(() => {
    rounds += 1;
    if (rounds === 1) return Promise.reject(new Error('away'));
    reached.resolve(undefined);
    return Promise.resolve();
  });
  loop.start();
  loop.wake();
  await sleep(0);
  loop.wake();
  await reached.promise;
  await loop.stop();
  expect(failures).toEqual([new Error('away')]);
});
