import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let admin: SignedIn;

/** [e-mail, name, role, active], oldest first; the administrator who asks comes before them. */
const PEOPLE = [
  ['ada@lovelace.example', 'Ada Lovelace', 'customer', true],
  ['grace@hopper.example', 'Grace Hopper', 'manager', true],
  ['alan@turing.example', 'Alan Turing', 'customer', false],
  ['edsger@dijkstra.example', 'Edsger W. Dijkstra', 'manager', false],
  ['100%_sure@odd.example', '100% Sure_Thing', 'customer', true],
  ['back@slash.example', 'Back\\Slash', 'customer', true],
  ['barbara@liskov.example', 'Barbara Liskov', 'customer', true],
] as const;

beforeAll(async () => {
  app = await startTestApp();
  admin = await app.signIn('admin');
  const later = Date.now();
  for (const [index, [email, name, role, active]] of PEOPLE.entries()) {
    await app.dataSource.query(
      `INSERT INTO users (id, email, full_name, role, is_active, password_hash, version, sessions_valid_from,
         access_changed_at, created_at) VALUES ($1, $2, $3, $4, $5, 'none', 1, now(), now(), $6)`,
      [randomUUID(), email, name, role, active, new Date(later + index * 1000)],
    );
  }
});
afterAll(() => app.close());

async function namesOf(query: string): Promise<unknown[]> {
  const { status, body } = await admin.api.get(`/v1/users?${query}`);
  expect(status).toBe(200);
  return body.data.map(({ full_name }) => full_name);
}

const named = (...indexes: number[]) => indexes.map((index) => PEOPLE[index]?.[1]);

describe('GET /v1/users', () => {
  it('lists all, newest first, as the objects that GET answers', async () => {
    const { body, headers } = await admin.api.get('/v1/users');
    expect(body.data.map(({ email }) => email)).toEqual([
      ...PEOPLE.map(([email]) => email).toReversed(),
      admin.email,
    ]);
    expect(body).toMatchObject({ has_more: false, next_cursor: null });
    expect(headers.get('link')).toBeNull();
    const [first] = body.data;
    expect((await admin.api.get(`/v1/users/${String(first?.id)}`)).body).toEqual(first);
  });

  it.each([
    ['role=manager', named(3, 1)],
    ['role=admin', ['Test admin']],
    ['is_active=false', named(3, 2)],
    ['is_active=true&role=manager', named(1)],
    ['is_active=false&role=customer', named(2)],
    ['email=ada@lovelace.example', named(0)],
    ['email=ADA@Lovelace.Example', named(0)],
    ['email=ada@lovelace', []],
    ['email=%25', []],
    ['sort=created_at&role=manager', named(1, 3)],
  ])('filters and sorts: %s', async (query, expected) => {
    expect(await namesOf(query)).toEqual(expected);
  });

  it.each([
    ['lovelace', named(0)],
    ['LOVE', named(0)],
    ['hopper.exa', named(1)],
    ['ace', named(1, 0)],
    ['nobody at all', []],
    // Short ones are looked for at the beginning of a word.
    ['L', named(6, 0)],
    ['li', named(6)],
    ['a', [...named(2, 0), 'Test admin']],
    // None of these is a wildcard or an escape.
    ['%', []],
    ['_', []],
    ['%%%', []],
    ['___', []],
    ['100%', named(4)],
    ['e_t', named(4)],
    ['k\\S', named(5)],
    ['\\', []],
    ['\\\\\\', []],
    [`'; DROP TABLE users; --`, []],
    ['$1', []],
    ['🦊', []],
  ])('q=%s finds part of the e-mail or the name', async (q, expected) => {
    expect(await namesOf(`q=${encodeURIComponent(q)}`)).toEqual(expected);
  });

  it.each(['created_at', '-created_at'])(
    'walks all pages by %s without a gap or a repetition',
    async (sort) => {
      const whole = await namesOf(`sort=${sort}`);
      const walked: unknown[] = [];
      let url = `/v1/users?sort=${sort}&limit=3`;
      for (let pages = 0; pages < 10 && url; pages += 1) {
        const { body, headers } = await admin.api.get(url);
        walked.push(...body.data.map(({ full_name }) => full_name));
        expect(body.has_more).toBe(body.next_cursor !== null);
        const link = /^<(.+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1] ?? '';
        expect(link.includes(String(body.next_cursor))).toBe(body.next_cursor !== null);
        url = link;
      }
      expect(walked).toEqual(whole);
    },
  );

  it('a cursor is bound to its filters and sort', async () => {
    const { body } = await admin.api.get('/v1/users?limit=1&role=customer');
    const cursor = `cursor=${String(body.next_cursor)}`;
    expect((await admin.api.get(`/v1/users?role=customer&${cursor}`)).status).toBe(200);
    for (const other of [
      '',
      'role=manager&',
      'role=customer&is_active=true&',
      'role=customer&sort=created_at&',
    ]) {
      const answer = await admin.api.get(`/v1/users?${other}${cursor}`);
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid_cursor']);
    }
  });

  it.each([
    ['role=owner', 'role'],
    ['role=', 'role'],
    ['role=customer&role=manager', 'role'],
    ['is_active=yes', 'is_active'],
    ['is_active=1', 'is_active'],
    ['is_active=', 'is_active'],
    ['q=', 'q'],
    [`q=${'x'.repeat(201)}`, 'q'],
    ['q=%00', 'q'],
    ['q=a&q=b', 'q'],
    ['email=', 'email'],
    ['sort=email', 'sort'],
    ['sort=password_hash', 'sort'],
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=ten', 'limit'],
    ['password_hash=x', 'password_hash'],
    ['offset=1', 'offset'],
  ])('refuses %s by name', async (query, parameter) => {
    const { status, body } = await admin.api.get(`/v1/users?${query}`);
    expect([status, body.code]).toEqual([422, 'validation_failed']);
    expect(body.errors).toEqual([expect.objectContaining({ parameter })]);
  });
});
