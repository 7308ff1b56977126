import { describe, expect, it } from 'vitest';
import type { Config } from '../../../config/index.js';
import { CursorCodec } from '../../http/pages/cursor.js';
import { Keyset } from './keyset.js';
import type { KeysetQuery, Sorts } from './keyset.js';

interface Row {
  id: string;
  price: string;
}

const keyset = new Keyset(new CursorCodec({ cursorSecrets: [Buffer.alloc(32, 1)] } as unknown as Config));
const sorts: Sorts<Row> = { price: { column: 'price', type: 'numeric', read: (row) => row.price } };
const rows = (count: number): Row[] =>
  Array.from({ length: count }, (_, index) => ({ id: `id-${index}`, price: `${index}.00` }));

const request = (query: Record<string, unknown>): KeysetQuery<Row> => ({
  list: 'things',
  select: 'SELECT id, price FROM things',
  filters: { conditions: ['deleted_at IS NULL', 'currency = $1'], parameters: ['USD'] },
  sorts,
  query: { limit: 2, sort: 'price', ...query },
});

/** Runs against a table that holds `found`, and tells what was asked of it. */
async function page(query: Record<string, unknown>, found: Row[]) {
  let asked = { sql: '', parameters: [] as unknown[] };
  const result = await keyset.page<Row>((sql, parameters) => {
    asked = { sql, parameters };
    return Promise.resolve(found);
  }, request(query));
  return { ...result, ...asked };
}

describe('Keyset', () => {
  it('asks for one row more than a page, to know whether there is another page', async () => {
    const { sql, parameters } = await page({}, []);
    expect(sql).toBe(
      'SELECT id, price FROM things WHERE deleted_at IS NULL AND currency = $1 ORDER BY price ASC, id ASC LIMIT $2',
    );
    expect(parameters).toEqual(['USD', 3]);
  });

  it.each([
    [0, 0, false],
    [1, 1, false],
    [2, 2, false],
    [3, 2, true],
  ])('of %d rows found returns %d, and a cursor: %s', async (found, returned, more) => {
    const { rows: returnedRows, nextCursor } = await page({}, rows(found));
    expect(returnedRows).toHaveLength(returned);
    expect(nextCursor !== null).toBe(more);
  });

  it.each([
    ['price', 'ASC', '>'],
    ['-price', 'DESC', '<'],
  ])('goes on after the last row in the order of %s', async (sort, direction, comparison) => {
    const { nextCursor } = await page({ sort }, rows(3));
    const { sql, parameters } = await page({ sort, cursor: nextCursor }, rows(1));
    expect(sql).toContain(`(price, id) ${comparison} ($2::numeric, $3::uuid)`);
    expect(sql).toContain(`ORDER BY price ${direction}, id ${direction} LIMIT $4`);
    expect(parameters).toEqual(['USD', '1.00', 'id-1', 3]);
  });

  it('takes a cursor with another limit, but not with another sort or filter', async () => {
    const { nextCursor } = await page({ q: 'a' }, rows(3));
    await expect(page({ q: 'a', cursor: nextCursor, limit: 50 }, [])).resolves.toBeDefined();
    await expect(page({ q: 'b', cursor: nextCursor }, [])).rejects.toMatchObject({ code: 'invalid_cursor' });
    await expect(page({ cursor: nextCursor }, [])).rejects.toMatchObject({ code: 'invalid_cursor' });
    await expect(page({ q: 'a', sort: '-price', cursor: nextCursor }, [])).rejects.toMatchObject({
      code: 'invalid_cursor',
    });
  });

  it('tells whether a query goes on in a list', async () => {
    const { nextCursor } = await page({}, rows(3));
    const query = { limit: 2, sort: 'price', cursor: nextCursor ?? '' };
    expect(keyset.continues('things', query)).toBe(true);
    expect(keyset.continues('others', query)).toBe(false);
    expect(keyset.continues('things', { limit: 2, sort: 'price' })).toBe(false);
  });
});

describe('Keyset, of several lists as one', () => {
  const parts = (query: Record<string, unknown>) =>
    ['best', 'good', 'rest'].map((list) => Promise.resolve({ ...request(query), list, select: list }));

  /** A page of lists that hold so many rows each, and the statements that it took. */
  async function pageOf(counts: Record<string, number>, query: Record<string, unknown>) {
    const asked: string[] = [];
    const run = (sql: string, parameters: unknown[]): Promise<Row[]> => {
      const list = sql.split(' ')[0] ?? '';
      const from = sql.includes('(price, id)') ? Number(parameters.at(-3)) + 1 : 0;
      asked.push(`${list} ${String(parameters.at(-1))}`);
      const all = rows(counts[list] ?? 0).map((row) => ({ ...row, id: `${list}-${row.id}` }));
      return Promise.resolve(all.slice(from, from + Number(parameters.at(-1))));
    };
    const page = await keyset.pageOfParts<Row>(run, { limit: 2, ...query }, parts(query));
    return { ids: page.rows.map(({ id }) => id), nextCursor: page.nextCursor, asked };
  }

  it('fills a page from the next list, and asks no more of them than it needs', async () => {
    expect(await pageOf({ best: 1, good: 9, rest: 9 }, {})).toMatchObject({
      ids: ['best-id-0', 'good-id-0'],
      asked: ['best 3', 'good 2'],
    });
    expect((await pageOf({ best: 3 }, {})).asked).toEqual(['best 3']);
  });

  it.each([
    [{}, 0],
    [{ best: 2 }, 2],
    [{ best: 2, rest: 1 }, 3],
    [{ best: 1, good: 1, rest: 1 }, 3],
    [{ good: 4, rest: 2 }, 6],
    [{ best: 3, good: 2, rest: 3 }, 8],
  ])('gives each row of %j once', async (counts, total) => {
    const seen: string[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await pageOf(counts, { cursor });
      seen.push(...page.ids);
      cursor = page.nextCursor ?? undefined;
      expect(page.nextCursor !== null).toBe(seen.length < total);
    } while (cursor !== undefined);
    const all = Object.entries(counts).flatMap(([list, count]) =>
      rows(count).map(({ id }) => `${list}-${id}`),
    );
    expect(seen).toEqual(all);
  });

  it('refuses a cursor of none of them', async () => {
    const { nextCursor } = await page({}, rows(3));
    await expect(pageOf({ best: 3 }, { cursor: nextCursor })).rejects.toMatchObject({
      code: 'invalid_cursor',
    });
  });

  it.each([
    [[3, 9], 1],
    [[2, 1, 9], 3],
    [[0, 0], 2],
  ])(
    'asks one statement after the other, of which %j rows come, until one fills the page',
    async (found, asked) => {
      const statements: string[] = [];
      const list = { ...request({}), statements: () => ReadableStream.from<string>(found.map(String)) };
      const { rows: returned } = await keyset.page<Row>((sql) => {
        statements.push(sql);
        return Promise.resolve(rows(Number(sql)));
      }, list);
      expect(statements).toHaveLength(asked);
      expect(returned).toHaveLength(Math.min(2, Number(statements.at(-1))));
    },
  );
});
