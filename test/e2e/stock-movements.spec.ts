import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey } from '../support/api-keys.js';
import { createProduct, walk } from '../support/products.js';
import { aMovement, move, movementsPath, stockOf, UNTRACKED } from '../support/stock.js';
import type { MovementBody } from '../support/stock.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

const FIELDS = 'id product_id quantity reason note order_id created_by created_at';

let app: TestApp;
let manager: SignedIn;

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
});
afterAll(() => app.close());

const post = (productId: string, fields: object) =>
  manager.api.post(movementsPath(productId), aMovement(fields));

describe('POST /v1/products/{id}/stock-movements', () => {
  it('answers the movement, and where it is', async () => {
    const { id: productId } = await createProduct(manager.api);
    const sent = { quantity: 40, reason: 'receipt', note: 'Delivery note 4711' };
    const before = Date.now();
    const { status, body, headers } = await manager.api.post<MovementBody>(movementsPath(productId), sent);
    const after = Date.now();
    expect(status).toBe(201);
    expect(Object.keys(body).join(' ')).toBe(FIELDS);
    expect(body).toMatchObject({ ...sent, product_id: productId, order_id: null, created_by: manager.id });
    expect(body.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(Date.parse(body.created_at)).toBeGreaterThan(before - 1000);
    expect(Date.parse(body.created_at)).toBeLessThan(after + 1000);
    expect(headers.get('location')).toBe(`${movementsPath(productId)}/${body.id}`);
    const there = await manager.api.get(String(headers.get('location')));
    expect([there.status, there.body]).toEqual([200, body]);
    expect(there.headers.get('etag')).toBe(headers.get('etag'));
    const known = { 'if-none-match': String(there.headers.get('etag')) };
    expect((await manager.api.get(String(headers.get('location')), known)).status).toBe(304);
  });

  it.each(['receipt', 'adjustment', 'return', 'loss'])('takes any sign for a %s', async (reason) => {
    const { id } = await createProduct(manager.api);
    for (const quantity of [3, -1, 1, -3]) await move(manager.api, id, quantity, { reason });
    expect(await stockOf(manager.api, id)).toMatchObject({ on_hand: 0 });
  });

  it.each([
    [{ note: undefined }, null],
    [{ note: null }, null],
    [{ note: 'x' }, 'x'],
    [{ note: '😀'.repeat(500) }, '😀'.repeat(500)],
  ])('takes %j', async (fields, note) => {
    const { id } = await createProduct(manager.api);
    expect(await move(manager.api, id, 1, fields)).toMatchObject({ note });
  });

  it.each([
    [{ quantity: 2.5 }, '/quantity', 'type'],
    [{ quantity: '3' }, '/quantity', 'type'],
    [{ quantity: true }, '/quantity', 'type'],
    [{ quantity: [3] }, '/quantity', 'type'],
    [{ quantity: null }, '/quantity', 'type'],
    [{ quantity: 0 }, '/quantity', 'not_equals'],
    [{ quantity: 1e10 }, '/quantity', 'max'],
    [{ quantity: 1_000_000_001 }, '/quantity', 'max'],
    [{ quantity: -1_000_000_001 }, '/quantity', 'min'],
    [{ quantity: Number.MAX_SAFE_INTEGER }, '/quantity', 'max'],
    [{ quantity: undefined }, '/quantity', 'required'],
    [{ reason: undefined }, '/reason', 'required'],
    [{ reason: null }, '/reason', 'enum'],
    [{ reason: '' }, '/reason', 'enum'],
    [{ reason: 'shipment' }, '/reason', 'enum'],
    [{ reason: 'Receipt' }, '/reason', 'enum'],
    [{ reason: ['receipt'] }, '/reason', 'enum'],
    [{ note: '' }, '/note', 'length'],
    [{ note: 'x'.repeat(501) }, '/note', 'length'],
    [{ note: 5 }, '/note', 'type'],
    [{ note: 'NUL \u0000' }, '/note', 'text'],
    [{ order_id: null }, '/order_id', 'unknown_field'],
    [{ created_by: null }, '/created_by', 'unknown_field'],
    [{ on_hand: 5 }, '/on_hand', 'unknown_field'],
  ])('refuses %j', async (fields, pointer, code) => {
    const { id } = await createProduct(manager.api);
    const { status, body } = await post(id, fields);
    expect([status, body.code]).toEqual([422, 'validation_failed']);
    expect(body.errors).toEqual([expect.objectContaining({ pointer, code })]);
    expect(await stockOf(manager.api, id)).toEqual(UNTRACKED);
  });

  it.each(['-0', '0.0', '1e400', '-1e400', '3.0000000001', '1e-5'])(
    'refuses the number %s',
    async (number) => {
      const { id } = await createProduct(manager.api);
      const sent = `{"quantity":${number},"reason":"receipt"}`;
      expect((await manager.api.post(movementsPath(id), sent)).status).toBe(422);
    },
  );

  it('names who moved it, also through an API key', async () => {
    const { id } = await createProduct(manager.api);
    const { key } = await createKey(manager.api, { scopes: ['products:write'] });
    const movement = await move(app.anonymous.with({ 'x-api-key': key }), id, 1);
    expect(movement.created_by).toBe(manager.id);
  });
});

describe('a movement of more than there is', () => {
  it.each([
    ['without any stock', 0, 0, -1, 0],
    ['by one', 5, 0, -6, 5],
    ['by all that a number can say', 5, 0, -1_000_000_000, 5],
    ['of what is reserved', 5, 3, -3, 2],
    ['where all is reserved', 5, 5, -1, 0],
  ])('is refused %s, with what is available', async (_, onHand, reserved, quantity, available) => {
    const { id } = await createProduct(manager.api);
    if (onHand > 0) await move(manager.api, id, onHand);
    await app.dataSource.query('UPDATE stock_levels SET reserved = $2 WHERE product_id = $1', [id, reserved]);
    const before = await stockOf(manager.api, id);
    const { status, body, text } = await post(id, { quantity, reason: 'adjustment' });
    expect([status, body.code]).toEqual([409, 'insufficient_stock']);
    expect(body.errors).toMatchObject([{ pointer: '/quantity', code: 'insufficient_stock' }]);
    expect(body.errors?.[0]?.message).toContain(`${available} are available`);
    expect(text).not.toMatch(/stock_levels|_check/);
    expect(await stockOf(manager.api, id)).toEqual(before);
    expect((await manager.api.get(movementsPath(id))).body.data).toHaveLength(onHand > 0 ? 1 : 0);
  });

  it('may take all that is available', async () => {
    const { id } = await createProduct(manager.api);
    await move(manager.api, id, 5);
    await app.dataSource.query('UPDATE stock_levels SET reserved = 2 WHERE product_id = $1', [id]);
    await move(manager.api, id, -3);
    expect(await stockOf(manager.api, id)).toMatchObject({ on_hand: 2, reserved: 2, available: 0 });
  });

  it('is a conflict where there would be more than there can be', async () => {
    const { id } = await createProduct(manager.api);
    await move(manager.api, id, 1_000_000_000);
    for (const quantity of [1, 1_000_000_000]) {
      const { status, body, text } = await post(id, { quantity });
      expect([status, body.code]).toEqual([409, 'conflict']);
      expect(body.detail).toContain('1000000000');
      expect(text).not.toMatch(/stock_levels|_check/);
    }
    await move(manager.api, id, -1_000_000_000);
  });
});

describe('GET /v1/products/{id}/stock-movements', () => {
  let path: string;
  let movements: MovementBody[];

  beforeAll(async () => {
    const { id } = await createProduct(manager.api);
    path = movementsPath(id);
    movements = [];
    for (const reason of ['receipt', 'loss', 'return', 'receipt', 'adjustment', 'loss', 'receipt'])
      movements.push(await move(manager.api, id, reason === 'loss' ? -1 : 4, { reason }));
    await move(manager.api, (await createProduct(manager.api)).id, 99);
  });

  it('begins with the newest, and goes on page by page either way', async () => {
    expect(await walk(manager.api, `${path}?limit=3`)).toEqual(movements.toReversed());
    expect(await walk(manager.api, `${path}?limit=3&sort=created_at`)).toEqual(movements);
  });

  it('can be told by reason and by time', async () => {
    const [losses] = [await walk(manager.api, `${path}?limit=1&reason=loss`)];
    expect(losses).toEqual(movements.filter(({ reason }) => reason === 'loss').toReversed());
    expect(await walk(manager.api, `${path}?reason=shipment`)).toEqual([]);
    const at = String(movements[3]?.created_at);
    const after = await walk(manager.api, `${path}?created_after=${at}&sort=created_at`);
    expect(after).toEqual(movements.filter(({ created_at }) => created_at > at));
    const before = await walk(manager.api, `${path}?created_before=${at}&sort=created_at`);
    expect(before).toEqual(movements.filter(({ created_at }) => created_at < at));
  });

  it.each([
    'reason=theft',
    'sort=quantity',
    'sort=-id',
    'created_after=2026-13-01T00:00:00Z',
    'quantity=5',
    'limit=0',
  ])('refuses ?%s', async (query) => {
    const { status, body } = await manager.api.get(`${path}?${query}`);
    expect([status, body.code]).toEqual([422, 'validation_failed']);
  });

  it('takes no cursor of another product', async () => {
    const { body } = await manager.api.get(`${path}?limit=1`);
    const other = movementsPath((await createProduct(manager.api)).id);
    const foreign = await manager.api.get(`${other}?limit=1&cursor=${String(body.next_cursor)}`);
    expect([foreign.status, foreign.body.code]).toEqual([400, 'invalid_cursor']);
  });
});

describe('a movement', () => {
  it.each(['PUT', 'PATCH', 'DELETE'])('does not know %s', async (method) => {
    const { id } = await createProduct(manager.api);
    const movement = await move(manager.api, id, 5);
    const body = method === 'DELETE' ? undefined : aMovement();
    const one = await manager.api.send(method, `${movementsPath(id)}/${movement.id}`, body);
    expect([one.status, one.body.code, one.headers.get('allow')]).toEqual([
      405,
      'method_not_allowed',
      'GET, HEAD',
    ]);
    const all = await manager.api.send(method, movementsPath(id), body);
    expect([all.status, all.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
    expect((await manager.api.get(`${movementsPath(id)}/${movement.id}`)).body).toEqual(movement);
  });
});
