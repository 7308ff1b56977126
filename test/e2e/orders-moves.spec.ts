import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createKey } from '../support/api-keys.js';
import { moveOrder, orderPath, placeOrder, stocked } from '../support/orders.js';
import type { OrderBody } from '../support/orders.js';
import { createProduct } from '../support/products.js';
import { movementsPath, stockOf } from '../support/stock.js';
import type { MovementBody } from '../support/stock.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let manager: SignedIn;
let customer: SignedIn;
let productId: string;
let order: OrderBody;

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
  customer = await app.signIn('customer');
});
beforeEach(async () => {
  productId = (await stocked(manager.api, 10, { price: 2.5 })).id;
  order = await placeOrder(customer.api, [[productId, 4]], { note: 'First.' });
});
afterAll(() => app.close());

const patch = (api: SignedIn['api'], body: object, headers = {}) =>
  api.patch<OrderBody & { code: string; errors: unknown[] }>(orderPath(order.id), body, headers);

/** The events of an order, in their order. */
const eventsOf = (id: string) =>
  app.dataSource.query<Record<string, unknown>[]>(
    `SELECT type, actor_type, actor_id, changes, details FROM events
     WHERE resource_type = 'order' AND resource_id = $1 ORDER BY position`,
    [id],
  );

describe('the life of an order', () => {
  it('goes from pending to delivered, with the stock and the events of each step', async () => {
    const stock = () => stockOf(manager.api, productId);
    const paid = await moveOrder(manager.api, order.id, 'paid');
    expect(paid).toEqual({ ...order, status: 'paid', expires_at: null, updated_at: paid.updated_at });
    expect(await stock()).toMatchObject({ on_hand: 10, reserved: 4 });
    await moveOrder(manager.api, order.id, 'shipped');
    expect(await stock()).toMatchObject({ on_hand: 6, reserved: 0, available: 6 });
    const delivered = await moveOrder(manager.api, order.id, 'delivered');
    expect(await stock()).toMatchObject({ on_hand: 6, reserved: 0 });
    expect((await customer.api.get(orderPath(order.id))).body).toEqual(delivered);
    const details = { user_id: customer.id, total: 10, currency: 'USD', items: 1 };
    const step = (type: string, before: string | null, by: SignedIn) => ({
      type: `order.${type}`,
      actor_type: 'user',
      actor_id: by.id,
      changes: { status: [before, type === 'created' ? 'pending' : type] },
      details,
    });
    expect(await eventsOf(order.id)).toEqual([
      step('created', null, customer),
      step('paid', 'pending', manager),
      step('shipped', 'paid', manager),
      step('delivered', 'shipped', manager),
    ]);
  });

  it('ships by a movement of each product, which tells the order', async () => {
    const untracked = await createProduct(manager.api, { price: 1 });
    const second = await stocked(manager.api, 3);
    const { id } = await placeOrder(customer.api, [
      [second.id, 3],
      [untracked.id, 1],
      [productId, 2],
    ]);
    await moveOrder(manager.api, id, 'paid');
    await moveOrder(manager.api, id, 'shipped');
    for (const [product, before, quantity] of [
      [second.id, 3, -3],
      [productId, 10, -2],
    ] as const) {
      const { body } = await manager.api.get<{ data: MovementBody[] }>(
        `${movementsPath(product)}?reason=shipment`,
      );
      expect(body.data).toMatchObject([
        {
          product_id: product,
          quantity,
          reason: 'shipment',
          order_id: id,
          note: null,
          created_by: manager.id,
        },
      ]);
      const moved = await app.dataSource.query<unknown[]>(
        `SELECT changes, details FROM events WHERE type = 'stock.moved' AND resource_id = $1 AND details->>'order_id' = $2`,
        [product, id],
      );
      const movement = { movement_id: body.data[0]?.id, quantity, reason: 'shipment', order_id: id };
      const changes = { on_hand: [before, before + quantity] };
      expect(moved).toMatchObject([{ changes, details: movement }]);
    }
    expect(await stockOf(manager.api, untracked.id)).toMatchObject({ tracked: false });
  });

  it('can end by being cancelled, also when it is paid, and gives the stock back', async () => {
    await moveOrder(manager.api, order.id, 'paid');
    const cancelled = await moveOrder(manager.api, order.id, 'cancelled');
    expect(cancelled.expires_at).toBeNull();
    expect(await stockOf(manager.api, productId)).toMatchObject({ on_hand: 10, reserved: 0 });
    expect((await eventsOf(order.id)).at(-1)).toMatchObject({ changes: { status: ['paid', 'cancelled'] } });
  });

  it('goes on where a product was deleted meanwhile', async () => {
    await manager.api.delete(`/v1/products/${productId}`);
    await moveOrder(manager.api, order.id, 'paid');
    await moveOrder(manager.api, order.id, 'shipped');
    const rows = await app.dataSource.query<unknown[]>(
      'SELECT on_hand, reserved FROM stock_levels WHERE product_id = $1',
      [productId],
    );
    expect(rows).toEqual([{ on_hand: 6, reserved: 0 }]);
  });
});

describe('PATCH /v1/orders/{id}', () => {
  it.each([
    ['pending', ['pending', 'shipped', 'delivered', 'expired']],
    ['paid', ['pending', 'paid', 'delivered', 'expired']],
    ['cancelled', ['pending', 'paid', 'shipped', 'delivered', 'cancelled', 'expired']],
  ])('refuses to move what is %s to %j', async (status, others) => {
    if (status !== 'pending') await moveOrder(manager.api, order.id, status);
    const before = (await customer.api.get(orderPath(order.id))).body;
    for (const to of others) {
      for (const api of [manager.api, customer.api]) {
        const answer = await patch(api, { status: to });
        expect([answer.status, answer.body.code]).toEqual([409, 'invalid_transition']);
      }
    }
    expect((await customer.api.get(orderPath(order.id))).body).toEqual(before);
  });

  it('lets a customer cancel what is pending, and nothing else', async () => {
    const refused = await patch(customer.api, { status: 'paid' });
    expect([refused.status, refused.body.code]).toEqual([403, 'insufficient_scope']);
    expect(refused.headers.get('www-authenticate')).toBe(
      'Bearer error="insufficient_scope", scope="orders:admin"',
    );
    await moveOrder(manager.api, order.id, 'paid');
    expect((await patch(customer.api, { status: 'cancelled' })).status).toBe(403);
    expect((await patch(customer.api, { status: 'delivered' })).status).toBe(409);
    const second = await placeOrder(customer.api, [[productId, 1]]);
    expect((await moveOrder(customer.api, second.id, 'cancelled')).status).toBe('cancelled');
  });

  it('goes by the scopes of a key', async () => {
    const keyed = async (...scopes: string[]) =>
      app.anonymous.with({ 'x-api-key': (await createKey(manager.api, { scopes })).key });
    expect((await patch(await keyed('orders:read'), { status: 'paid' })).status).toBe(403);
    expect((await patch(await keyed('orders:write'), { status: 'paid' })).status).toBe(404);
    expect((await patch(await keyed('orders:admin'), { status: 'paid' })).status).toBe(403);
    expect((await patch(await keyed('orders:write', 'orders:admin'), { status: 'paid' })).status).toBe(200);
    expect((await eventsOf(order.id)).at(-1)).toMatchObject({ type: 'order.paid', actor_type: 'api_key' });
  });

  it('changes nothing where If-Match is stale, whatever is asked', async () => {
    const { headers } = await customer.api.get(orderPath(order.id));
    const etag = String(headers.get('etag'));
    for (const [status, api] of [
      ['paid', manager.api],
      ['delivered', manager.api],
      ['paid', customer.api],
    ] as const)
      expect((await patch(api, { status }, { 'if-match': '"v99"' })).status).toBe(412);
    const paid = await patch(manager.api, { status: 'paid' }, { 'if-match': etag });
    expect([paid.status, paid.headers.get('etag') === etag]).toEqual([200, false]);
    expect((await patch(manager.api, { status: 'shipped' }, { 'if-match': etag })).status).toBe(412);
    expect((await patch(manager.api, { status: 'shipped' }, { 'if-match': '*' })).status).toBe(200);
  });

  it('keeps the note, or takes another one, or none', async () => {
    expect((await patch(manager.api, { status: 'paid' })).body.note).toBe('First.');
    expect((await patch(manager.api, { status: 'shipped', note: 'By train.' })).body.note).toBe('By train.');
    expect((await patch(manager.api, { status: 'delivered', note: null })).body.note).toBeNull();
  });

  it.each([
    [{}, '/status', 'required'],
    [{ note: 'Only this.' }, '/status', 'required'],
    [{ status: null }, '/status', 'enum'],
    [{ status: 'lost' }, '/status', 'enum'],
    [{ status: 'paid', note: '' }, '/note', 'length'],
    [{ status: 'paid', total: 1 }, '/total', 'unknown_field'],
  ])('refuses %j', async (body, pointer, code) => {
    const answer = await patch(manager.api, body);
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toMatchObject([{ pointer, code }]);
  });
});
