import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { expect } from 'vitest';
import type { ApiClient } from './api-client.js';
import type { Mail } from './smtp.js';
import { PASSWORD } from './test-app.js';
import type { TestApp } from './test-app.js';

export interface Registered {
  readonly id: string;
  readonly email: string;
  readonly api: ApiClient;
}

/** A new user who has registered over HTTP, and is signed in. */
export async function register({ anonymous }: TestApp): Promise<Registered> {
  const email = `${randomUUID()}@example.com`;
  const credentials = { email, password: PASSWORD };
  const { body } = await anonymous.post('/v1/auth/register', {
    ...credentials,
    full_name: 'http://evil.example',
  });
  const login = await anonymous.post('/v1/auth/login', credentials);
  return { id: body.id, email, api: anonymous.withToken(String(login.body.access_token)) };
}

/** The token of the link in a mail: the only link of its text, and in its HTML the button and what can be copied. */
export function tokenIn(mail: Pick<Mail, 'text' | 'html'>, page: string): string {
  const links = (text = '') => text.match(/https?:\/\/[^\s"<]+#[^\s"<]+/g) ?? [];
  const [link = '', ...others] = links(mail.text);
  expect(others).toEqual([]);
  expect(links(mail.html)).toEqual([link, link]);
  const start = `http://stockroom.test/account/${page}#token=`;
  expect(link.slice(0, start.length)).toBe(start);
  return link.slice(start.length);
}

/** Every row of every table, those of the job queue too, as text. */
export async function everythingIn(dataSource: DataSource): Promise<string> {
  const tables = await dataSource.query<{ name: string }[]>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  );
  const texts = await Promise.all(
    tables.map(async ({ name }) => {
      const rows = await dataSource.query<{ row: string }[]>(
        `SELECT to_jsonb(t)::text AS row FROM ${name} AS t`,
      );
      return [name, ...rows.map(({ row }) => row)].join('\n');
    }),
  );
  return texts.join('\n');
}

/** All that could be presented of a token, as it might be written somewhere: its id is no secret. */
export function secretsOf(token: string): string[] {
  const bytes = Buffer.from(token, 'base64url');
  const secret = bytes.subarray(16);
  return [token, ...(['hex', 'base64', 'base64url'] as const).map((encoding) => secret.toString(encoding))];
}

/** As if all one-time tokens had been made so many seconds earlier, but expired as late as before. */
export async function ageTokens(dataSource: DataSource, seconds: number): Promise<void> {
  await dataSource.query(`UPDATE one_time_tokens SET created_at = created_at - $1 * interval '1 second'`, [
    seconds,
  ]);
}

/** How many tokens the user has that were not used yet, also expired ones. */
export async function countTokens(dataSource: DataSource, userId: string, purpose = '%_%'): Promise<number> {
  const rows = await dataSource.query<unknown[]>(
    'SELECT 1 FROM one_time_tokens WHERE user_id = $1 AND purpose LIKE $2',
    [userId, purpose],
  );
  return rows.length;
}
