import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { anOrder, ORDERS, stocked } from '../support/orders.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let customer: SignedIn;
let wishes: [string, number][];

beforeAll(async () => {
  app = await startTestApp({ ORDER_PENDING_LIMIT: '1000' });
  const manager = await app.signIn('manager');
  customer = await app.signIn('customer');
  const products = [await stocked(manager.api, 1000), await stocked(manager.api, 1000)];
  wishes = products.map(({ id }) => [id, 1]);
});
afterAll(() => app.close());

/** How the statements begin that an order takes. */
async function statementsOf(): Promise<string[]> {
  const query = vi.spyOn(pg.Client.prototype, 'query');
  try {
    expect((await customer.api.post(ORDERS, anOrder(wishes))).status).toBe(201);
    const texts = query.mock.calls.map(([statement]: unknown[]) =>
      typeof statement === 'string' ? statement : (statement as { text: string }).text,
    );
    // Those who follow the event log look at it as soon as there is something new.
    const own = texts.filter((text) => !text.includes('events_safe_position'));
    return own.map(
      (text) => (/\b(?:START TRANSACTION|COMMIT|pg_\w+|(?:FROM|INTO|UPDATE) \w+)/.exec(text) ?? [text])[0],
    );
  } finally {
    query.mockRestore();
  }
}

describe('an order of two items', () => {
  // Asked again where something falls in that goes on in the background.
  it('takes seven round trips to the database, the last one before the commit to the stock', async () => {
    await expect
      .poll(statementsOf)
      .toEqual([
        'FROM products',
        'START TRANSACTION',
        'pg_advisory_xact_lock',
        'INTO orders',
        'INTO events',
        'FROM unnest',
        'COMMIT',
      ]);
  });
});
