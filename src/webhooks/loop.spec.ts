import { expect, it } from 'vitest';
import { Loop } from './loop.js';
import type { Pace } from './loop.js';

const PACE: Pace = { restMs: 1, everyMs: 60_000, afterFailureMs: 2 };
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
  let rounds = 0;
  let isStopped = false;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const loop = loopOf(async () => {
    rounds += 1;
    await promise;
  });
  loop.start();
  loop.wake();
  loop.wake();
  const stopping = loop.stop().then(() => (isStopped = true));
  await new Promise(setImmediate);
  expect([rounds, isStopped]).toEqual([1, false]);
  resolve(undefined);
  await stopping;
  expect(rounds).toBe(1);
});

it('tells of a failure, and goes on', async () => {
  const reached = Promise.withResolvers<undefined>();
  let rounds = 0;
  const loop = loopOf(() => {
    rounds += 1;
    if (rounds < 3) {
      loop.wake();
      return Promise.reject(new Error(`away ${rounds}`));
    }
    reached.resolve(undefined);
    return Promise.resolve();
  });
  loop.start();
  await reached.promise;
  await loop.stop();
  // Of several in a row, the first.
  expect(failures).toEqual([new Error('away 1')]);
});
