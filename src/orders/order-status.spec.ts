import { describe, expect, it } from 'vitest';
import { Problem } from '../http/problems/problem.js';
import { ORDER_STATUSES, TRANSITIONS, transitionFor } from './order-status.js';
import type { OrderStatus } from './order-status.js';

/** What becomes of an order in each state, for a customer and for those with orders:admin. */
const outcome = (status: OrderStatus, to: OrderStatus, isStaff: boolean, isOverdue = false): string => {
  try {
    return transitionFor({ status, isOverdue }, to, isStaff).stock;
  } catch (error) {
    return error instanceof Problem ? error.code : String(error);
  }
};

const STAFF: Partial<Record<`${OrderStatus} -> ${OrderStatus}`, string>> = {
  'pending -> paid': 'stays',
  'pending -> cancelled': 'is released',
  'paid -> shipped': 'leaves',
  'paid -> cancelled': 'is released',
  'shipped -> delivered': 'stays',
};

const PAIRS = ORDER_STATUSES.flatMap((from) => ORDER_STATUSES.map((to) => [from, to] as const));

describe('an order', () => {
  it.each(PAIRS)('that is %s becomes %s as the contract says', (from, to) => {
    const forStaff = STAFF[`${from} -> ${to}`] ?? 'invalid_transition';
    const isOwn = from === 'pending' && to === 'cancelled';
    const forCustomer = isOwn || forStaff === 'invalid_transition' ? forStaff : 'insufficient_scope';
    expect([outcome(from, to, true), outcome(from, to, false)]).toEqual([forStaff, forCustomer]);
  });

  it.each(PAIRS)('that is %s and overdue becomes %s for nobody', (from, to) => {
    expect(outcome(from, to, true, true)).toBe('invalid_transition');
    expect(outcome(from, to, false, true)).toBe('invalid_transition');
  });

  it('holds stock exactly while it is pending or paid', () => {
    const holds = (status: OrderStatus) => status === 'pending' || status === 'paid';
    for (const { from, to, stock } of TRANSITIONS)
      expect(stock === 'stays', `${from} -> ${to}`).toBe(holds(from) === holds(to));
  });
});
