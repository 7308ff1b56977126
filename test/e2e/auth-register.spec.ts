import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const valid = () => ({ email: `${randomUUID()}@example.com`, password: PASSWORD, full_name: 'Ada Lovelace' });
const register = (body: unknown) => app.anonymous.post('/v1/auth/register', body);

describe('POST /v1/auth/register', () => {
  it('makes a customer out of anybody', async () => {
    const input = valid();
    const { status, headers, body, text } = await register(input);
    expect(status).toBe(201);
    expect(body).toMatchObject({
      email: input.email,
      full_name: 'Ada Lovelace',
      role: 'customer',
      is_active: true,
      email_verified: false,
    });
    expect(headers.get('location')).toBe(`/v1/users/${body.id}`);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(text).not.toMatch(/passphrase|argon2|password/);
  });

  it('keeps the password as an argon2id hash of its own only', async () => {
    const [one, two] = [valid(), valid()];
    await register(one);
    await register(two);
    const rows = await app.dataSource.query<{ password_hash: string; row: string }[]>(
      `SELECT password_hash, to_jsonb(users)::text AS row FROM users WHERE email IN ($1, $2)`,
      [one.email, two.email],
    );
    const hashes = rows.map(({ password_hash }) => password_hash);
    expect(new Set(hashes).size).toBe(2);
    for (const hash of hashes) expect(hash).toMatch(/^\$argon2id\$v=19\$m=(19456|[2-9]\d{4,}),t=[2-9],p=1\$/);
    for (const { row } of rows) expect(row).not.toContain(PASSWORD);
  });

  it('of twenty at the same time with one e-mail, in whatever letters, one wins', async () => {
    const input = valid();
    const inLetters = (_: unknown, n: number) => {
      const email = n % 2 === 0 ? input.email : input.email.toUpperCase();
      return register({ ...input, email });
    };
    const answers = await Promise.all(Array.from({ length: 20 }, inLetters));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(19).fill(409)]);
    for (const { status, body } of answers) if (status === 409) expect(body.code).toBe('duplicate_email');
    const rows = await app.dataSource.query<object[]>('SELECT 1 FROM users WHERE lower(email) = lower($1)', [
      input.email,
    ]);
    expect(rows).toHaveLength(1);
  });

  it('takes the e-mail of an inactive user from nobody', async () => {
    const input = valid();
    const { body } = await register(input);
    await app.dataSource.query('UPDATE users SET is_active = false WHERE id = $1', [body.id]);
    expect((await register(input)).status).toBe(409);
  });
});
