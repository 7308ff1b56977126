import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anOrder, moveOrder, orderPath, ORDERS, placeOrder, stocked } from '../support/orders.js';
import type { OrderBody } from '../support/orders.js';
import { createProduct } from '../support/products.js';
import { stockOf } from '../support/stock.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let manager: SignedIn;
let customer: SignedIn;
let other: SignedIn;

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
  customer = await app.signIn('customer');
  other = await app.signIn('customer');
});
afterAll(() => app.close());

describe('POST /v1/orders', () => {
  it('answers the order, with what its products are called and cost at this moment', async () => {
    const hammer = await stocked(manager.api, 10, { name: 'Hammer', price: 24.9 });
    const nail = await stocked(manager.api, 5000, { name: 'Nail', price: 0.07 });
    const before = Date.now();
    const sent = anOrder(
      [
        [nail.id, 1000],
        [hammer.id, 3],
      ],
      { note: 'To the back door.' },
    );
    const { status, headers, body } = await customer.api.post<OrderBody>(ORDERS, sent);
    expect([status, headers.get('location')]).toEqual([201, orderPath(body.id)]);
    expect(headers.get('etag')).toMatch(/^"[^"]+"$/);
    const { id, created_at: createdAt, expires_at: expiresAt, ...rest } = body;
    expect(rest).toEqual({
      user_id: customer.id,
      status: 'pending',
      items: [
        {
          product_id: nail.id,
          sku: nail.sku,
          name: 'Nail',
          unit_price: 0.07,
          quantity: 1000,
          line_total: 70,
        },
        {
          product_id: hammer.id,
          sku: hammer.sku,
          name: 'Hammer',
          unit_price: 24.9,
          quantity: 3,
          line_total: 74.7,
        },
      ],
      currency: 'USD',
      total: 144.7,
      note: 'To the back door.',
      updated_at: createdAt,
    });
    expect(Date.parse(createdAt)).toBeGreaterThan(before - 1000);
    expect(Date.parse(String(expiresAt)) - Date.parse(createdAt)).toBe(15 * 60_000);
    expect((await customer.api.get(orderPath(id))).body).toEqual(body);
    expect(await stockOf(customer.api, hammer.id)).toMatchObject({ on_hand: 10, reserved: 3, available: 7 });
    expect(await stockOf(customer.api, nail.id)).toMatchObject({ on_hand: 5000, reserved: 1000 });
  });

  it('keeps them when the product changes or goes', async () => {
    const product = await stocked(manager.api, 5, { name: 'Before', price: 1.5 });
    const order = await placeOrder(customer.api, [[product.id, 2]]);
    const changes = { name: 'After', price: 9, sku: `${product.sku}-new` };
    await manager.api.patch(`/v1/products/${product.id}`, changes);
    expect((await customer.api.get(orderPath(order.id))).body).toEqual(order);
    await manager.api.delete(`/v1/products/${product.id}`);
    expect((await customer.api.get(orderPath(order.id))).body).toEqual(order);
  });

  it('keeps the largest total exactly', async () => {
    const products = await Promise.all(
      Array.from({ length: 100 }, () => stocked(manager.api, 1000, { price: 99_999_999.99 })),
    );
    const order = await placeOrder(
      customer.api,
      products.map(({ id }) => [id, 1000] as const),
    );
    expect(order.total).toBe(9_999_999_999_000);
    const [dear, cheap] = [
      await stocked(manager.api, 1000, { price: 99_999_999.98 }),
      await stocked(manager.api, 1000, { price: 0.01 }),
    ];
    const wishes = [
      [dear.id, 3],
      [cheap.id, 7],
    ] as const;
    expect((await placeOrder(customer.api, wishes)).total).toBe(300_000_000.01);
  });

  it('reserves all items or none, and names each that is short', async () => {
    const [plenty, few, none] = [
      await stocked(manager.api, 100),
      await stocked(manager.api, 3),
      await createProduct(manager.api, { in_stock: false }),
    ];
    const answer = await customer.api.post(
      ORDERS,
      anOrder([
        [few.id, 4],
        [plenty.id, 5],
        [none.id, 1],
      ]),
    );
    expect([answer.status, answer.body.code]).toEqual([409, 'insufficient_stock']);
    expect(answer.body.errors).toEqual([
      {
        pointer: '/items/0/quantity',
        code: 'insufficient_stock',
        message: 'quantity is 4, but only 3 are available',
      },
      {
        pointer: '/items/2/quantity',
        code: 'insufficient_stock',
        message: 'quantity is 1, but only 0 are available',
      },
    ]);
    for (const { id } of [plenty, few]) expect(await stockOf(manager.api, id)).toMatchObject({ reserved: 0 });
  });

  it('takes the last one, from when on the product is not in stock, until the order is given up', async () => {
    const { id } = await stocked(manager.api, 4);
    const inStock = async () => (await customer.api.get(`/v1/products/${id}`)).body['in_stock'];
    const first = await placeOrder(customer.api, [[id, 1]]);
    expect(await inStock()).toBe(true);
    const last = await placeOrder(customer.api, [[id, 3]]);
    expect(await inStock()).toBe(false);
    expect((await customer.api.post(ORDERS, anOrder([[id, 1]]))).status).toBe(409);
    await moveOrder(customer.api, last.id, 'cancelled');
    expect(await inStock()).toBe(true);
    expect(await stockOf(customer.api, id)).toMatchObject({ reserved: 1, available: 3 });
    await moveOrder(customer.api, first.id, 'cancelled');
    expect(await stockOf(customer.api, id)).toMatchObject({ on_hand: 4, reserved: 0 });
  });

  it('takes products whose stock is not tracked, and leaves the stock alone that they get later', async () => {
    const { id } = await createProduct(manager.api);
    const order = await placeOrder(customer.api, [[id, 1000]]);
    expect(await stockOf(customer.api, id)).toMatchObject({ tracked: false });
    await manager.api.post(`/v1/products/${id}/stock-movements`, { quantity: 2, reason: 'receipt' });
    await moveOrder(customer.api, order.id, 'cancelled');
    expect(await stockOf(customer.api, id)).toMatchObject({ on_hand: 2, reserved: 0 });
  });

  it('carries out an Idempotency-Key once', async () => {
    const { id } = await stocked(manager.api, 10);
    const key = { 'idempotency-key': randomUUID() };
    const [first, again] = [
      await customer.api.post(ORDERS, anOrder([[id, 1]]), key),
      await customer.api.post(ORDERS, anOrder([[id, 1]]), key),
    ];
    expect([again.text, again.status, again.headers.get('idempotency-replayed')]).toEqual([
      first.text,
      201,
      'true',
    ]);
    expect(await stockOf(customer.api, id)).toMatchObject({ reserved: 1 });
  });
});

describe('GET /v1/orders/{id}', () => {
  it('revalidates with the ETag, which changes with each move', async () => {
    const { id } = await stocked(manager.api, 10);
    const order = await placeOrder(customer.api, [[id, 1]]);
    const etags = new Set<string>();
    for (const status of ['paid', 'shipped', 'delivered', null]) {
      const { headers } = await customer.api.get(orderPath(order.id));
      const etag = String(headers.get('etag'));
      expect((await customer.api.get(orderPath(order.id), { 'if-none-match': etag })).status).toBe(304);
      etags.add(etag);
      if (status) await moveOrder(manager.api, order.id, status);
    }
    expect(etags.size).toBe(4);
  });

  it('finds no order of somebody else, but for orders:admin', async () => {
    const { id } = await stocked(manager.api, 10);
    const order = await placeOrder(customer.api, [[id, 1]]);
    for (const path of [orderPath(order.id), orderPath(order.id.toUpperCase())]) {
      const { status, body } = await other.api.get(path);
      expect([status, body.code]).toEqual([404, 'not_found']);
      expect((await other.api.patch(path, { status: 'cancelled' })).status).toBe(404);
      expect((await manager.api.get(path)).body).toEqual(order);
    }
    expect((await customer.api.get(orderPath(randomUUID()))).status).toBe(404);
    expect((await customer.api.get(orderPath('nonsense'))).status).toBe(404);
  });
});
