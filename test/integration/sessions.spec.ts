import { createHash } from 'node:crypto';
import type { QueryRunner } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JobQueue } from '../../src/platform/jobs/job-queue.js';
import { jobsIn } from '../support/jobs.js';
import { PASSWORD, startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { sessionIdOf } from '../support/tokens.js';
import { until } from '../support/until.js';

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
    expect(after.expires_at.getTime()).toBeGreaterThan(before.expires_at.getTime());
  });

  it('knows where the login came from, and ends after 30 days without use', async () => {
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
    expect(row.expires_at.getTime() - row.created_at.getTime()).toBe(30 * 24 * 3600 * 1000);
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

describe('a login with a password that is replaced while it is checked', () => {
  it('waits for the change, and then begins no session', async () => {
    const { id, email } = await app.signIn('customer');
    const change = app.dataSource.createQueryRunner();
    await change.startTransaction();
    await change.query(`UPDATE users SET password_hash = 'another' WHERE id = $1`, [id]);
    const login = app.anonymous.post('/v1/auth/login', { email, password: PASSWORD });
    await until(() => isWaiting(change));
    await change.commitTransaction();
    await change.release();
    const { status, body } = await login;
    expect([status, body.code]).toEqual([401, 'invalid_credentials']);
    const rows = await app.dataSource.query<unknown[]>('SELECT FROM sessions WHERE user_id = $1', [id]);
    expect(rows).toHaveLength(1);
  });

  /** Whether somebody waits for the transaction of this connection. */
  async function isWaiting(change: QueryRunner): Promise<boolean> {
    const [{ pid }] = (await change.query('SELECT pg_backend_pid() AS pid')) as [{ pid: number }];
    const blocked = await app.dataSource.query<unknown[]>(
      'SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))',
      [pid],
    );
    return blocked.length > 0;
  }
});

describe('the job that removes sessions', () => {
  it('takes those that expired, and those that ended a day ago, in batches; and no other', async () => {
    const over = await app.signIn('customer');
    const ended = await app.signIn('customer');
    const justEnded = await app.signIn('customer');
    const running = await app.signIn('customer');
    const change = (token: string, columns: string) =>
      app.dataSource.query(`UPDATE sessions SET ${columns} WHERE id = $1`, [sessionIdOf(token)]);
    await change(over.accessToken, `expires_at = now() - interval '1 second'`);
    await change(ended.accessToken, `ended_at = now() - interval '25 hours'`);
    await change(justEnded.accessToken, `ended_at = now() - interval '23 hours'`);
    await app.dataSource.query(
      `INSERT INTO sessions (id, user_id, family_hash, secret_hash, created_at, last_used_at, expires_at)
       SELECT gen_random_uuid(), $1, '', '', now() - interval '99 days', now(), now() - interval '9 days'
       FROM generate_series(1, 2500)`,
      [running.id],
    );
    await app.app.get(JobQueue).add(app.dataSource.manager, 'sessions.remove_expired', {});
    const countOf = async (userId: string) => {
      const [row] = await app.dataSource.query<{ count: number }[]>(
        'SELECT count(*)::int AS count FROM sessions WHERE user_id = $1',
        [userId],
      );
      return row?.count;
    };
    // A job is in the queue until it is done.
    await until(
      async () => !(await jobsIn(app.dataSource)).some(({ name }) => name === 'sessions.remove_expired'),
    );
    expect([await countOf(running.id), await countOf(over.id)]).toEqual([1, 0]);
    const rows = await app.dataSource.query<{ id: string }[]>('SELECT id FROM sessions');
    const left = new Set(rows.map(({ id }) => id));
    expect([over, ended, justEnded, running].map((user) => left.has(sessionIdOf(user.accessToken)))).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(await running.api.get('/v1/users/me')).toMatchObject({ status: 200 });
  });
});
