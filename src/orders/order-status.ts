import { insufficientScope } from '../http/access/insufficient-scope.js';
import { Problem } from '../http/problems/problem.js';

export const ORDER_STATUSES = ['pending', 'paid', 'shipped', 'delivered', 'cancelled', 'expired'] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

/** One way from a status to another. */
export interface Transition {
  readonly from: OrderStatus;
  readonly to: OrderStatus;
  /** The customer, who then needs no more than the order itself; those with orders:admin; or only the service. */
  readonly by: 'customer' | 'staff' | 'service';
  /** What becomes of the stock that the order holds. */
  readonly stock: 'stays' | 'is released' | 'leaves';
}

export const EXPIRY: Transition = { from: 'pending', to: 'expired', by: 'service', stock: 'is released' };

/** All there are. What an order is created as, is `pending`. */
export const TRANSITIONS: readonly Transition[] = [
  { from: 'pending', to: 'paid', by: 'staff', stock: 'stays' },
  { from: 'pending', to: 'cancelled', by: 'customer', stock: 'is released' },
  EXPIRY,
  { from: 'paid', to: 'shipped', by: 'staff', stock: 'leaves' },
  { from: 'paid', to: 'cancelled', by: 'staff', stock: 'is released' },
  { from: 'shipped', to: 'delivered', by: 'staff', stock: 'stays' },
];

/**
 * How a client moves an order. One that is overdue can only expire, even if the service has not come to that yet.
 * @throws Problem `invalid_transition`, `insufficient_scope`
 */
export function transitionFor(
  { status, isOverdue }: { status: OrderStatus; isOverdue: boolean },
  to: OrderStatus,
  isStaff: boolean,
): Transition {
  if (isOverdue)
    throw new Problem(
      'invalid_transition',
      'The time to pay for this order has passed: it is about to expire.',
    );
  const found = TRANSITIONS.find((one) => one.from === status && one.to === to);
  if (!found || found.by === 'service')
    throw new Problem('invalid_transition', `An order that is ${status} cannot become ${to}.`);
  if (found.by === 'staff' && !isStaff) throw insufficientScope('orders:admin');
  return found;
}
