import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { anOrder, ORDERS, stocked } from '../support/orders.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let customer: SignedIn;
let wishes: [string, number][];

beforeAll(async () => {
  app = await startTestApp();
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
    return query.mock.calls.map(([statement]: unknown[]) => {
      const text = typeof statement === 'string' ? statement : (statement as { text: string }).text;
      return (/\b(?:START TRANSACTION|COMMIT|pg_\w+|(?:FROM|INTO|UPDATE) \w+)/.exec(text) ?? [text])[0];
    });
  } finally {
    query.mockRestore();
  }
}

describe('an order of two items', () => {
  // Asked again where a scheduled job falls in.
  it('takes seven round trips to the database, the last one before the commit to the stock', async () => {
    await expect
      .poll(statementsOf, { timeout: 15_000 })
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
