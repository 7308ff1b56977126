import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { sessionIdOf } from '../support/tokens.js';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

interface Row {
  family_hash: Buffer;
  secret_hash: Buffer;
  previous_secret_hash: Buffer | null;
  ip: string;
  user_agent: string;
  ended_at: Date | null;
  expires_at: Date;
  created_at: Date;
  everything: string;
}

async function sessionOf(accessToken: string): Promise<Row> {
  const rows = await app.dataSource.query<Row[]>(
    'SELECT *, to_jsonb(sessions)::text AS everything FROM sessions WHERE id = $1',
    [sessionIdOf(accessToken)],
  );
  expect(rows).toHaveLength(1);
  return rows[0] as Row;
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();

describe('the row of a session', () => {
  it('holds hashes of the refresh token, and no part of it that could be presented', async () => {
    const { accessToken, refreshToken } = await app.signIn('customer');
    const bytes = Buffer.from(refreshToken.slice(3), 'base64url');
    const [family, secret] = [bytes.subarray(16, 32), bytes.subarray(32)];
    const row = await sessionOf(accessToken);
    expect(row.family_hash.equals(sha256(family))).toBe(true);
    expect(row.secret_hash.equals(sha256(secret))).toBe(true);
    expect(row.previous_secret_hash).toBeNull();
    for (const part of [family, secret]) {
      expect(row.everything).not.toContain(part.toString('hex'));
      expect(row.everything).not.toContain(part.toString('base64url'));
    }
  });

  it('follows the rotation, and remembers one token before', async () => {
    const { accessToken, refreshToken } = await app.signIn('customer');
    const before = await sessionOf(accessToken);
    await app.anonymous.post('/v1/auth/refresh', { refresh_token: refreshToken });
    const after = await sessionOf(accessToken);
    expect(after.secret_hash.equals(before.secret_hash)).toBe(false);
    expect(after.previous_secret_hash?.equals(before.secret_hash)).toBe(true);
    expect(after.family_hash.equals(before.family_hash)).toBe(true);
    expect(after.expires_at).toEqual(before.expires_at);
  });

  it('knows where the login came from, and ends after 90 days', async () => {
    const { email } = await app.signIn('customer');
    const from = { 'user-agent': `Agent/1.0 ${'x'.repeat(2000)}`, 'x-forwarded-for': '203.0.113.9' };
    const { body } = await app.anonymous.post(
      '/v1/auth/login',
      { email, password: 'a passphrase for the tests' },
      from,
    );
    const row = await sessionOf(String(body.access_token));
    expect(row.ip).toBe('127.0.0.1');
    expect(row.user_agent).toBe(from['user-agent'].slice(0, 500));
    expect(row.expires_at.getTime() - row.created_at.getTime()).toBe(90 * 24 * 3600 * 1000);
  });

  it('keeps the time at which it ended first', async () => {
    const { accessToken, refreshToken } = await app.signIn('customer');
    await app.anonymous.post('/v1/auth/logout', { refresh_token: refreshToken });
    const { ended_at: first } = await sessionOf(accessToken);
    expect(first).not.toBeNull();
    await app.anonymous.post('/v1/auth/logout', { refresh_token: refreshToken });
    await app.anonymous.post('/v1/auth/refresh', { refresh_token: refreshToken });
    expect((await sessionOf(accessToken)).ended_at).toEqual(first);
  });
});
