import { randomUUID } from 'node:crypto';
import argon2 from '@node-rs/argon2';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { currentContext } from '../../src/http/context/request-context.js';
import { countTokens, tokenIn } from '../support/account-mails.js';
import type { Any, ApiResponse } from '../support/api-client.js';
import { jobsIn } from '../support/jobs.js';
import { startSmtp } from '../support/smtp.js';
import type { TestSmtp } from '../support/smtp.js';
import { PASSWORD, startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { enrol } from '../support/totp.js';
import { until } from '../support/until.js';

/** Every argon2 verification: what a login costs, and what an attacker could time. */
const verifications = vi.spyOn(argon2, 'verify');

const RESETS = '/v1/auth/password-resets';

let smtp: TestSmtp;
let app: TestApp;
let admin: SignedIn;
/** The statements of each request, by its id, in order and without their values. */
const statements = new Map<string | undefined, string[]>();

beforeAll(async () => {
  smtp = await startSmtp();
  app = await startTestApp({ SMTP_URL: smtp.url, LOGIN_LIMIT_PER_MINUTE: '1000' });
  recordStatements(app.dataSource);
  admin = await app.signIn('admin');
});
afterAll(async () => {
  await app.close();
  await smtp.stop();
});
afterEach(() => allDone());

const allDone = () => until(async () => (await jobsIn(app.dataSource)).length === 0);

/** Of the ORM, and of what goes straight to its pool. */
function recordStatements(dataSource: DataSource): void {
  const note = (sql: string) => {
    const id = currentContext()?.requestId;
    statements.set(id, [...(statements.get(id) ?? []), sql]);
  };
  vi.spyOn(dataSource.logger, 'logQuery').mockImplementation(note);
  const { master: pool } = dataSource.driver as unknown as {
    master: { query: (...args: unknown[]) => unknown };
  };
  const query = pool.query.bind(pool);
  pool.query = (...args) => {
    note((args[0] as { text?: string }).text ?? String(args[0]));
    return query(...args);
  };
}

/** All that somebody outside can learn from an answer; and what costs time before it. */
interface Observation {
  readonly status: number;
  readonly text: string;
  readonly headers: Record<string, string>;
  readonly statements: string[];
  readonly verifications: number;
}

async function observe(path: string, body: object): Promise<Observation> {
  const id = randomUUID();
  const before = verifications.mock.calls.length;
  const answer = await app.anonymous.post(path, body, { 'x-request-id': id });
  return {
    status: answer.status,
    text: answer.text.replace(/[0-9a-f]{32}/, 'trace'),
    headers: comparable(answer),
    statements: statements.get(id) ?? [],
    verifications: verifications.mock.calls.length - before,
  };
}

/** What differs between any two answers is left out: ids, dates, and how many requests are left. */
function comparable({ headers }: ApiResponse<Any>): Record<string, string> {
  const { date, 'x-request-id': id, traceresponse, ...rest } = Object.fromEntries(headers);
  expect([date, id, traceresponse]).not.toContain(undefined);
  return { ...rest, ratelimit: (rest.ratelimit ?? '').replace(/\d+/g, 'n') };
}

/** Addresses with and without an account, in every state. */
const ADDRESSES: Record<string, () => Promise<string>> = {
  unknown: () => Promise.resolve(`${randomUUID()}@example.com`),
  known: async () => (await app.signIn('customer')).email,
  'in other letters': async () => (await app.signIn('customer')).email.toUpperCase(),
  'of an administrator': async () => (await app.signIn('admin')).email,
  'verified before': async () => {
    const { email, id } = await app.signIn('customer');
    await app.dataSource.query('UPDATE users SET email_verified = true WHERE id = $1', [id]);
    return email;
  },
  deactivated: async () => {
    const { email, id } = await app.signIn('customer');
    await admin.api.patch(`/v1/users/${id}`, { is_active: false });
    return email;
  },
  deleted: async () => {
    const { email, id } = await app.signIn('customer');
    await admin.api.delete(`/v1/users/${id}`);
    return email;
  },
  'without a password': async () => {
    const { email, id } = await app.signIn('customer');
    await admin.api.post(`/v1/users/${id}/password-resets`);
    return email;
  },
  'with two-step sign-in': async () => (await enrol(await app.signIn('customer'))).email,
};
const OTHERS = Object.keys(ADDRESSES).filter((name) => name !== 'unknown');
const addressOf = (name: string) => (ADDRESSES[name] as () => Promise<string>)();

describe('asking for a new password', () => {
  it.each(OTHERS)('for an address that is %s answers and works as for an unknown one', async (name) => {
    const unknown = await observe(RESETS, { email: await addressOf('unknown') });
    const email = await addressOf(name);
    expect(await observe(RESETS, { email })).toEqual(unknown);
    expect(await observe(RESETS, { email })).toEqual(unknown);
    expect(unknown).toMatchObject({ status: 202, text: '', verifications: 0 });
    expect(unknown.statements.map((sql) => /add_job|take_attempts/.exec(sql)?.[0])).toEqual([
      'take_attempts',
      'add_job',
    ]);
  });

  it.each(['deactivated', 'deleted', 'unknown'])('for an address that is %s sends nothing', async (name) => {
    const email = await addressOf(name);
    const before = await app.dataSource.query<object[]>('SELECT id FROM one_time_tokens ORDER BY id');
    await observe(RESETS, { email });
    await allDone();
    expect(await app.dataSource.query('SELECT id FROM one_time_tokens ORDER BY id')).toEqual(before);
    expect(smtp.mails.filter(({ envelope }) => envelope.to.includes(email))).toEqual([]);
  });
});

describe('choosing a new password', () => {
  const confirm = (token: string, password = 'quite another passphrase') =>
    observe(`${RESETS}/confirm`, { token, password });

  it('answers to a token that is no good the same, whoever it was for', async () => {
    const nobodys = await confirm('A'.repeat(64));
    for (const sql of [
      'UPDATE one_time_tokens SET expires_at = now() WHERE user_id = $1',
      'UPDATE users SET is_active = false WHERE id = $1',
      'UPDATE users SET deleted_at = now() WHERE id = $1',
    ]) {
      const { id, email } = await app.signIn('customer');
      await observe(RESETS, { email });
      const token = tokenIn(await smtp.next(email), 'reset-password');
      await app.dataSource.query(sql, [id]);
      const { status, text, headers } = await confirm(token);
      expect({ status, text, headers }).toMatchObject({
        status: 422,
        text: nobodys.text,
        headers: nobodys.headers,
      });
      expect(await countTokens(app.dataSource, id)).toBe(1);
    }
  });

  it('checks the password first, which tells nothing of the token', async () => {
    const { email } = await app.signIn('customer');
    await observe(RESETS, { email });
    const token = tokenIn(await smtp.next(email), 'reset-password');
    expect(await confirm(token, 'qwertyuiop123')).toEqual(await confirm('A'.repeat(64), 'qwertyuiop123'));
  });
});

describe('signing in with a wrong password', () => {
  it.each(OTHERS)('for an address that is %s answers and works as for an unknown one', async (name) => {
    const password = 'not the password of anybody';
    const unknown = await observe('/v1/auth/login', { email: await addressOf('unknown'), password });
    expect(await observe('/v1/auth/login', { email: await addressOf(name), password })).toEqual(unknown);
    expect(unknown).toMatchObject({ status: 401, verifications: 1 });
    expect(unknown.statements.length).toBeGreaterThan(1);
  });

  it.each(['deactivated', 'deleted', 'without a password'])(
    'is as signing in with the right one where the account is %s',
    async (name) => {
      const unknown = await observe('/v1/auth/login', {
        email: await addressOf('unknown'),
        password: PASSWORD,
      });
      expect(await observe('/v1/auth/login', { email: await addressOf(name), password: PASSWORD })).toEqual(
        unknown,
      );
    },
  );
});
