import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CSV, NDJSON } from '../support/exports.js';
import { createProduct, walk } from '../support/products.js';
import type { ProductBody } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let customer: SignedIn;
let manager: SignedIn;
let products: ProductBody[];

const HEADER = 'id,sku,name,description,price,currency,in_stock,created_at,updated_at\r\n';

/** A name and a description as they are sent, and as the line of CSV shows them. */
const TEXTS: [name: string, description: string | null | undefined, cells: string][] = [
  ['Claw hammer', undefined, 'Claw hammer,'],
  ['Claw hammer', null, 'Claw hammer,'],
  ['Claw hammer', '', 'Claw hammer,""'],
  ['Nails, 100 pieces', '3" long', '"Nails, 100 pieces","3"" long"'],
  ['"', '""', '"""",""""""'],
  ['Two\nlines', 'and\r\nthree\rmore', '"Two\nlines","and\r\nthree\rmore"'],
  ['Häkchen ✓ 漢字 🔨', '\u00a0ﬀ\u200b', 'Häkchen ✓ 漢字 🔨,\u00a0ﬀ\u200b'],
  ['=1+1', '+49 30 123456', `'=1+1,'+49 30 123456`],
  ['-', '@SUM(A1:A2)', `'-,'@SUM(A1:A2)`],
  ['=HYPERLINK("http://x","y")', '\t=1', `"'=HYPERLINK(""http://x"",""y"")",'\t=1`],
  ["'=1", "''@x", "''=1,'''@x"],
  ["'quoted'", "'", "'quoted','"],
  [' spaces ', 'back\\slash', ' spaces ,back\\slash'],
  ['null', 'true', 'null,true'],
];

beforeAll(async () => {
  app = await startTestApp();
  customer = await app.signIn('customer');
  manager = await app.signIn('manager');
  products = [];
  for (const [index, [name, description]] of TEXTS.entries()) {
    const price = [24.9, 0.01, 99_999_999.99, 3][index % 4];
    const fields = { name, description, price, currency: ['USD', 'EUR'][index % 2], in_stock: index % 3 > 0 };
    products.push(await createProduct(manager.api, fields));
  }
  const gone = await createProduct(manager.api);
  await manager.api.delete(`/v1/products/${gone.id}`);
});
afterAll(() => app.close());

const exportAs = async (accept: string, query = '', api = customer.api) => {
  const answer = await api.get(`/v1/products${query}`, { accept });
  expect(answer.status).toBe(200);
  return answer;
};
const linesOf = (text: string) =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as ProductBody);

describe('an export as NDJSON', () => {
  it('has one line for each item of the list, as the list has it', async () => {
    const { text } = await exportAs(NDJSON, '?sort=created_at');
    expect(text).toBe(products.map((product) => `${JSON.stringify(product)}\n`).join(''));
  });

  it('names the fields in the same order as the list', async () => {
    const [first] = linesOf((await exportAs(NDJSON)).text);
    const { body } = await customer.api.get('/v1/products?limit=1');
    expect(Object.keys(first ?? {})).toEqual(Object.keys(body.data[0] ?? {}));
  });

  it('is empty where nothing matches', async () => {
    const { text } = await exportAs(NDJSON, '?sku=NONE');
    expect(text).toBe('');
  });
});

describe('an export as CSV', () => {
  it('has a line of names and one for each item, quoted and defused where needed', async () => {
    const { text } = await exportAs(CSV, '?sort=created_at');
    const lines = TEXTS.map(([, , cells], index) => {
      const { id, sku, price, currency, in_stock, created_at, updated_at } = products[index] as ProductBody;
      return `${[id, sku, cells, price, currency, in_stock, created_at, updated_at].join(',')}\r\n`;
    });
    expect(text).toBe(HEADER + lines.join(''));
  });

  it('names the columns as the list names the fields', () => {
    expect(HEADER.trimEnd().split(',')).toEqual(Object.keys(products[0] ?? {}));
  });

  it('has the names alone where nothing matches', async () => {
    expect((await exportAs(CSV, '?sku=NONE')).text).toBe(HEADER);
  });
});

describe('the answer', () => {
  it.each([
    [CSV, 'text/csv; charset=utf-8; header=present', 'csv'],
    [NDJSON, 'application/x-ndjson; charset=utf-8', 'ndjson'],
  ])('of %s is a file to save, which nobody keeps for others', async (accept, type, extension) => {
    const today = () => new Date().toISOString().slice(0, 10);
    // Midnight may come between.
    const days = [today()];
    const { headers } = await exportAs(accept);
    days.push(today());
    expect(headers.get('content-type')).toBe(type);
    expect(days.map((day) => `attachment; filename="products-${day}.${extension}"`)).toContain(
      headers.get('content-disposition'),
    );
    expect(headers.get('cache-control')).toBe('private, no-cache');
    expect(headers.get('vary')).toBe('Accept, Authorization, Accept-Encoding');
    for (const name of ['etag', 'link', 'content-length']) expect(headers.get(name)).toBeNull();
  });

  it('is the whole export, whatever version a client says that it has', async () => {
    const { text } = await customer.api.get('/v1/products', { accept: NDJSON, 'if-none-match': '*' });
    expect(linesOf(text)).toHaveLength(products.length);
  });

  it.each([CSV, NDJSON])('to HEAD is that of GET without the body, as %s', async (accept) => {
    const get = await exportAs(accept);
    const head = await customer.api.send('HEAD', '/v1/products', undefined, { accept });
    expect(head.status).toBe(200);
    expect(head.text).toBe('');
    const lasting = ({ headers }: { headers: Headers }) =>
      [...headers].filter(
        ([name]) => !/^(date|x-request-id|traceresponse|transfer-encoding|connection|keep-alive)$/.test(name),
      );
    expect(lasting(head)).toEqual(lasting(get));
  });
});

describe('which rows', () => {
  it.each([
    '?currency=EUR',
    '?in_stock=false&sort=price',
    '?min_price=1&max_price=10&sort=-price',
    '?sort=name',
    '?sort=-name&currency=USD',
    '?q=hammer',
    '?q=hamer&sort=updated_at',
    '?q=nothing-like-it',
    '?sku=NONE',
    '?created_after=2020-01-01T00:00:00Z&sort=-updated_at',
    '?created_before=2020-01-01T00:00:00Z',
  ])('are those of the list, in its order: %s', async (query) => {
    const { text } = await exportAs(NDJSON, query);
    expect(linesOf(text)).toEqual(await walk(customer.api, `/v1/products${query}`));
  });
});

describe('what is refused', () => {
  it.each([
    ['?limit=20', ['limit']],
    ['?cursor=abc', ['cursor']],
    ['?limit=', ['limit']],
    ['?cursor=&q=hammer&limit=5', ['limit', 'cursor']],
  ])('the parameters of pages: %s', async (query, names) => {
    for (const accept of [CSV, NDJSON]) {
      const { status, body } = await customer.api.get(`/v1/products${query}`, { accept });
      expect([status, body.code]).toEqual([422, 'validation_failed']);
      expect(body.errors).toEqual(
        names.map((parameter) => ({
          parameter,
          code: 'not_for_exports',
          message: `${parameter} is not allowed with exports, which return all rows`,
        })),
      );
      const head = await customer.api.send('HEAD', `/v1/products${query}`, undefined, { accept });
      expect(head.status).toBe(422);
    }
  });

  it.each(['?foo=1', '?sort=color', '?min_price=cheap', '?q=', '?sku=a%20b', '?q=a&q=b'])(
    'what the list refuses: %s',
    async (query) => {
      const page = await customer.api.get(`/v1/products${query}`);
      const { status, body, headers } = await customer.api.get(`/v1/products${query}`, { accept: CSV });
      expect(status).toBe(422);
      expect(body.errors).toEqual(page.body.errors);
      expect(headers.get('content-disposition')).toBeNull();
      const head = await customer.api.send('HEAD', `/v1/products${query}`, undefined, { accept: CSV });
      expect(head.status).toBe(422);
    },
  );

  it('callers whom the list refuses', async () => {
    expect((await app.anonymous.get('/v1/products?limit=1', { accept: CSV })).status).toBe(401);
    const { status, body } = await customer.api.get('/v1/users', { accept: CSV });
    expect([status, body.code]).toEqual([403, 'insufficient_scope']);
  });
});
