import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey } from '../support/api-keys.js';
import { moveOrder, ORDERS, placeOrder, stocked } from '../support/orders.js';
import type { OrderBody } from '../support/orders.js';
import { walk } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

/** Of one customer; pages of 7 end in the middle of equal totals, and the last page is not full. */
const COUNT = 23;

let app: TestApp;
let manager: SignedIn;
let customer: SignedIn;
let other: SignedIn;
let orders: OrderBody[];

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
  customer = await app.signIn('customer');
  other = await app.signIn('customer');
  const { id } = await stocked(manager.api, 1000, { price: 1.5 });
  await placeOrder(other.api, [[id, 9]]);
  orders = [];
  for (let n = 0; n < COUNT; n += 1) {
    const order = await placeOrder(customer.api, [[id, 1 + (n % 4)]], { note: `=${n}, "as is"` });
    orders.push(n % 5 === 0 ? await moveOrder(customer.api, order.id, 'cancelled') : order);
  }
});
afterAll(() => app.close());

const list = async (api: SignedIn['api'], query: string) =>
  (await walk(api, `${ORDERS}?limit=7&${query}`)) as unknown as OrderBody[];
const idsOf = (rows: readonly { id: string }[]) => rows.map(({ id }) => id);

function ordered(rows: readonly OrderBody[], sort: string): string[] {
  const field = sort.replace('-', '') as 'total' | 'created_at';
  const ascending = rows.toSorted((a, b) => {
    if (a[field] !== b[field]) return a[field] < b[field] ? -1 : 1;
    return a.id < b.id ? -1 : 1;
  });
  return idsOf(sort.startsWith('-') ? ascending.toReversed() : ascending);
}

describe('GET /v1/orders', () => {
  it.each(['created_at', '-created_at', 'total', '-total'])(
    'gives each order once and in order, by %s',
    async (sort) => {
      expect(idsOf(await list(customer.api, `sort=${sort}`))).toEqual(ordered(orders, sort));
      expect(idsOf(await list(manager.api, `sort=${sort}&user_id=${customer.id}`))).toEqual(
        ordered(orders, sort),
      );
    },
  );

  it('holds complete orders, the newest first', async () => {
    expect(await list(customer.api, '')).toEqual(
      ordered(orders, '-created_at').map((id) => orders.find((order) => order.id === id)),
    );
  });

  it('holds the orders of everybody for orders:admin', async () => {
    const users = (await list(manager.api, '')).map((order) => order.user_id);
    expect(users).toHaveLength(COUNT + 1);
    expect(new Set(users)).toEqual(new Set([customer.id, other.id]));
    expect(await list(other.api, '')).toMatchObject([{ user_id: other.id, total: 13.5 }]);
  });

  it('takes user_id from orders:admin only, also for a caller’s own', async () => {
    const key = await createKey(manager.api, { scopes: ['orders:read'] });
    const limited = app.anonymous.with({ 'x-api-key': key.key });
    for (const accept of ['application/json', 'text/csv'])
      for (const api of [customer.api, limited]) {
        const { status, body, headers } = await api.get(`${ORDERS}?user_id=${customer.id}`, { accept });
        expect([status, body.code]).toEqual([403, 'insufficient_scope']);
        expect(headers.get('www-authenticate')).toContain('scope="orders:admin"');
      }
    expect((await limited.get(ORDERS)).body.data).toEqual([]);
    expect(await list(manager.api, `user_id=${randomUUID()}`)).toEqual([]);
  });

  it('filters by status and time, alone and together', async () => {
    const cancelled = orders.filter(({ status }) => status === 'cancelled');
    expect(idsOf(await list(customer.api, 'status=cancelled&sort=created_at'))).toEqual(
      ordered(cancelled, 'created_at'),
    );
    expect(await list(customer.api, 'status=paid')).toEqual([]);
    const [from = '', to = ''] = [orders[4]?.created_at, orders[15]?.created_at];
    const between = orders.filter((order) => order.created_at > from && order.created_at < to);
    const period = `created_after=${from}&created_before=${to}`;
    expect(idsOf(await list(customer.api, `${period}&sort=total`))).toEqual(ordered(between, 'total'));
    const both = between.filter(({ status }) => status === 'cancelled');
    expect(idsOf(await list(manager.api, `${period}&status=cancelled&user_id=${customer.id}`))).toEqual(
      ordered(both, '-created_at'),
    );
  });

  it.each(['status=lost', 'user_id=me', 'sort=user_id', 'created_after=yesterday', 'q=x', 'limit=101'])(
    'refuses %s',
    async (query) => {
      const { status, body } = await manager.api.get(`${ORDERS}?${query}`);
      expect([status, body.errors]).toMatchObject([422, [{ parameter: query.split('=', 1)[0] }]]);
    },
  );

  it('does not take the cursor of another list', async () => {
    const { body } = await customer.api.get(`${ORDERS}?limit=7`);
    const cursor = `cursor=${String(body.next_cursor)}`;
    for (const [api, query] of [
      [customer.api, `${cursor}&sort=total`],
      [customer.api, `${cursor}&status=pending`],
      [manager.api, cursor],
      [other.api, cursor],
    ] as const)
      expect((await api.get(`${ORDERS}?${query}`)).body.code).toBe('invalid_cursor');
  });
});

describe('the export of orders', () => {
  it('holds as NDJSON what the list holds', async () => {
    const { text, headers } = await customer.api.get(`${ORDERS}?sort=total`, {
      accept: 'application/x-ndjson',
    });
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as OrderBody);
    expect(lines).toEqual(await list(customer.api, 'sort=total'));
    expect(headers.get('content-disposition')).toMatch(/filename="orders-\d{4}-\d\d-\d\d\.ndjson"/);
  });

  it('holds as CSV a line for each order, with its items as JSON', async () => {
    const { text } = await manager.api.get(`${ORDERS}?user_id=${other.id}`, { accept: 'text/csv' });
    const [head, line, end] = text.split('\r\n');
    expect(head).toBe('id,user_id,status,items,currency,total,note,expires_at,created_at,updated_at');
    expect(line).toContain('"[{""product_id"":""');
    expect(line).toContain('""line_total"":13.5}]",USD,13.5,,');
    expect(end).toBe('');
  });
});
