import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anOrder, ORDERS, placeOrder, stocked } from '../support/orders.js';
import { createProduct } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let manager: SignedIn;
let customer: SignedIn;
let productId: string;

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
  customer = await app.signIn('customer');
  productId = (await stocked(manager.api, 5000)).id;
});
afterAll(() => app.close());

const errorsOf = async (body: unknown) => {
  const answer = await customer.api.post(ORDERS, body);
  expect([answer.status, answer.body.code]).toEqual([422, 'validation_failed']);
  return answer.body.errors?.map((error) => [(error as { pointer: string }).pointer, error.code]);
};

describe('POST /v1/orders refuses', () => {
  it.each([
    [{}, [['/items', 'required']]],
    [{ items: null }, [['/items', 'type']]],
    [{ items: {} }, [['/items', 'type']]],
    [{ items: 'all' }, [['/items', 'type']]],
    [{ items: [] }, [['/items', 'size']]],
    [{ items: Array(101).fill({}) }, [['/items', 'size']]],
    [
      { items: [{}] },
      [
        ['/items/0/product_id', 'required'],
        ['/items/0/quantity', 'required'],
      ],
    ],
    [{ items: [1] }, [['/items/0', 'type']]],
    [{ items: [null] }, [['/items/0', 'type']]],
    [{ items: [[]] }, [['/items', 'type']]],
  ])('a body without items: %j', async (body, errors) => {
    expect(await errorsOf(body)).toEqual(errors);
  });

  it.each([
    [{ product_id: 'x' }, 'product_id', 'uuid'],
    [{ product_id: 7 }, 'product_id', 'uuid'],
    [{ quantity: 0 }, 'quantity', 'min'],
    [{ quantity: -1 }, 'quantity', 'min'],
    [{ quantity: 1001 }, 'quantity', 'max'],
    [{ quantity: 1.5 }, 'quantity', 'type'],
    [{ quantity: '2' }, 'quantity', 'type'],
    [{ quantity: null }, 'quantity', 'type'],
    [{ price: 1 }, 'price', 'unknown_field'],
  ])('an item with %j', async (fields, field, code) => {
    const good = { product_id: productId, quantity: 1 };
    const items = [good, { ...good, product_id: randomUUID(), ...fields }];
    expect(await errorsOf({ items })).toEqual([[`/items/1/${field}`, code]]);
  });

  it.each([
    [{ note: '' }, '/note', 'length'],
    [{ note: 'x'.repeat(501) }, '/note', 'length'],
    [{ note: 1 }, '/note', 'type'],
    [{ user_id: randomUUID() }, '/user_id', 'unknown_field'],
    [{ status: 'paid' }, '/status', 'unknown_field'],
  ])('%j', async (fields, pointer, code) => {
    expect(await errorsOf(anOrder([[productId, 1]], fields))).toEqual([[pointer, code]]);
  });

  it('what is no product, or none any more', async () => {
    const gone = await stocked(manager.api, 5);
    await manager.api.delete(`/v1/products/${gone.id}`);
    const wishes = [
      [productId, 1],
      [randomUUID(), 1],
      [gone.id, 1],
    ] as const;
    expect(await errorsOf(anOrder(wishes))).toEqual([
      ['/items/1/product_id', 'not_found'],
      ['/items/2/product_id', 'not_found'],
    ]);
  });

  it('a product that comes twice, in whichever spelling', async () => {
    const wishes = [
      [productId, 1],
      [productId.toUpperCase(), 2],
    ] as const;
    expect(await errorsOf(anOrder(wishes))).toEqual([['/items/1/product_id', 'unique']]);
  });

  it('two currencies', async () => {
    const [euro, yen] = [
      await createProduct(manager.api, { currency: 'EUR' }),
      await createProduct(manager.api, { currency: 'JPY' }),
    ];
    expect(
      await errorsOf(
        anOrder([
          [euro.id, 1],
          [yen.id, 1],
        ]),
      ),
    ).toEqual([['/items/1/product_id', 'currency']]);
    expect((await placeOrder(customer.api, [[euro.id, 1]])).currency).toBe('EUR');
  });
});

describe('POST /v1/orders takes', () => {
  it('the most that is allowed of one product', async () => {
    const order = await placeOrder(customer.api, [[productId.toUpperCase(), 1000]], {
      note: '😀'.repeat(500),
    });
    expect(order.items).toMatchObject([{ product_id: productId, quantity: 1000 }]);
  });

  it('no note, or null', async () => {
    expect((await placeOrder(customer.api, [[productId, 1]])).note).toBeNull();
    expect((await placeOrder(customer.api, [[productId, 1]], { note: null })).note).toBeNull();
  });
});
