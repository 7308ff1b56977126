import { describe, expect, it } from 'vitest';
import { Slots } from './slots.js';

describe('Slots', () => {
  it('knows who has how many, and how many are left for all', () => {
    const slots = new Slots();
    for (const endpoint of ['a', 'a', 'b']) slots.take(endpoint);
    expect(slots.room).toEqual({
      inFlight: new Map([
        ['a', 2],
        ['b', 1],
      ]),
      ofOne: 32,
      toShare: 253,
    });
    for (const endpoint of ['a', 'b']) slots.give(endpoint);
    expect(slots.room).toMatchObject({ inFlight: new Map([['a', 1]]), toShare: 255 });
  });

  it('has nothing left to share, and not less, beyond the limit', () => {
    const slots = new Slots();
    for (let n = 0; n < 300; n += 1) slots.take(`endpoint ${n}`);
    expect(slots.room.toShare).toBe(0);
    for (let n = 0; n < 45; n += 1) slots.give(`endpoint ${n}`);
    expect(slots.room.toShare).toBe(1);
  });
});
