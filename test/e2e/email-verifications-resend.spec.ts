import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  ageTokens,
  countTokens,
  everythingIn,
  register,
  secretsOf,
  tokenIn,
} from '../support/account-mails.js';
import type { ApiClient } from '../support/api-client.js';
import { stopClockOfAttempts } from '../support/attempts.js';
import { jobsIn, runJobsNow } from '../support/jobs.js';
import { startSmtp } from '../support/smtp.js';
import type { Mail, TestSmtp } from '../support/smtp.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const PATH = '/v1/auth/email-verifications';

let smtp: TestSmtp;
let app: TestApp;
let admin: SignedIn;
/** Everything that the service writes at the most talkative level. */
let log = '';

beforeAll(async () => {
  smtp = await startSmtp();
  const logger = pino({ level: 'trace' }, { write: (line: string) => (log += line) });
  app = await startTestApp({ SMTP_URL: smtp.url }, { logger });
  admin = await app.signIn('admin');
});
afterAll(async () => {
  await app.close();
  await smtp.stop();
});
afterEach(() => {
  smtp.refuse(false);
  vi.useRealTimers();
});

const confirm = (token: unknown, service = app) => service.anonymous.post(`${PATH}/confirm`, { token });
const tokenOf = (mail: Mail) => tokenIn(mail, 'verify-email');
const isVerified = async ({ api }: { api: ApiClient }) => (await api.get('/v1/users/me')).body.email_verified;

/** Until no job is left: every mail that will be sent was sent. */
const allSent = () => until(async () => (await jobsIn(app.dataSource)).length === 0);

describe('POST /v1/auth/email-verifications', () => {
  it('sends another mail, whose link works as well as the first one', async () => {
    const user = await register(app);
    const first = tokenOf(await smtp.next(user.email));
    await ageTokens(app.dataSource, 61);
    const { status, text } = await user.api.post(PATH);
    expect([status, text]).toEqual([202, '']);
    const second = tokenOf(await smtp.next(user.email));
    expect(second).not.toBe(first);
    expect((await confirm(first)).status).toBe(204);
    expect((await confirm(second)).status).toBe(204);
  });

  it('sends one mail a minute at most, and answers the same', async () => {
    const user = await register(app);
    await smtp.next(user.email);
    await ageTokens(app.dataSource, 61);
    vi.useFakeTimers({ toFake: ['Date'] });
    const answers = await Promise.all(Array.from({ length: 6 }, () => user.api.post(PATH)));
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(202));
    await allSent();
    expect(smtp.mails.filter(({ envelope }) => envelope.to.includes(user.email))).toHaveLength(2);
  });

  it('sends none to an address that is verified, and answers the same', async () => {
    const user = await register(app);
    await confirm(tokenOf(await smtp.next(user.email)));
    await ageTokens(app.dataSource, 61);
    const { status, text } = await user.api.post(PATH);
    expect([status, text]).toEqual([202, '']);
    expect(await countTokens(app.dataSource, user.id)).toBe(0);
  });

  it('sends it to the address that the account has now', async () => {
    const user = await register(app);
    const email = `new-${user.email}`;
    await admin.api.patch(`/v1/users/${user.id}`, { email });
    await ageTokens(app.dataSource, 61);
    await user.api.post(PATH);
    expect((await confirm(tokenOf(await smtp.next(email)))).status).toBe(204);
    expect(await isVerified(user)).toBe(true);
  });
});

describe('a mail that cannot be sent', () => {
  it('delays nobody and is sent later; its token is written nowhere, not even meanwhile', async () => {
    smtp.refuse(true);
    const before = smtp.refused;
    const user = await register(app);
    await until(() => smtp.refused > before);
    await until(async () => (await jobsIn(app.dataSource))[0]?.last_error != null);
    const waiting = await everythingIn(app.dataSource);
    smtp.refuse(false);
    await runJobsNow(app.dataSource);
    const token = tokenOf(await smtp.next(user.email));
    await allSent();
    const sent = await everythingIn(app.dataSource);
    expect((await confirm(token)).status).toBe(204);
    const used = await everythingIn(app.dataSource);

    // The texts are what they should be.
    expect(waiting).toContain('graphile_worker._private_jobs');
    expect(waiting).toContain('token_id');
    expect(waiting).toContain(user.email);
    expect(log).toContain('Job email_verifications.send failed, attempt 1');
    expect(log).toContain(`${PATH}/confirm`);
    for (const text of [waiting, sent, used, log]) {
      for (const secret of secretsOf(token)) expect(text.includes(secret), secret).toBe(false);
    }
  });

  it('is not sent any more once its token was used or has expired', async () => {
    smtp.refuse(true);
    const before = smtp.refused;
    const user = await register(app);
    await until(() => smtp.refused > before);
    await until(async () => (await jobsIn(app.dataSource))[0]?.last_error != null);
    await app.dataSource.query('UPDATE one_time_tokens SET expires_at = now() WHERE user_id = $1', [user.id]);
    smtp.refuse(false);
    await runJobsNow(app.dataSource);
    await allSent();
    expect(smtp.mails.filter(({ envelope }) => envelope.to.includes(user.email))).toEqual([]);
  });
});

describe('a scope of VERIFIED_EMAIL_SCOPES', () => {
  let strict: TestApp;

  beforeAll(async () => {
    strict = await startTestApp({ SMTP_URL: smtp.url, VERIFIED_EMAIL_SCOPES: 'products:read' });
  });
  afterAll(() => strict.close());

  it('is withheld until the address is verified, then granted to the very same token', async () => {
    const user = await register(strict);
    const refused = await user.api.get('/v1/products');
    expect([refused.status, refused.body.code]).toEqual([403, 'email_not_verified']);
    expect((await user.api.get('/v1/users/me')).status).toBe(200);
    await confirm(tokenOf(await smtp.next(user.email)), strict);
    await expect.poll(async () => (await user.api.get('/v1/products')).status).toBe(200);
  });

  it('is withheld again when the address changes', async () => {
    const boss = await strict.signIn('admin');
    const user = await register(strict);
    await confirm(tokenOf(await smtp.next(user.email)), strict);
    await boss.api.patch(`/v1/users/${user.id}`, { email: `new-${user.email}` });
    await expect.poll(async () => (await user.api.get('/v1/products')).status).toBe(403);
  });
});

describe('the limits', () => {
  it('hold for resending by who is signed in, for confirming by address', async () => {
    const limited = await startTestApp({ LOGIN_LIMIT_PER_MINUTE: '2', TRUST_PROXY: '127.0.0.1' });
    await stopClockOfAttempts(limited);
    try {
      const [user, other] = [await limited.signIn('customer'), await limited.signIn('customer')];
      const from = (api: ApiClient, n: number) => api.with({ 'x-forwarded-for': `192.0.2.${n}` });
      const statuses = [];
      for (const n of [1, 2, 3]) statuses.push((await from(user.api, n).post(PATH)).status);
      statuses.push((await from(other.api, 4).post(PATH)).status);
      expect(statuses).toEqual([202, 202, 429, 202]);

      const tries = [];
      for (const n of [1, 1, 1, 2]) {
        const { status } = await from(limited.anonymous, n).post(`${PATH}/confirm`, { token: randomUUID() });
        tries.push(status);
      }
      expect(tries).toEqual([422, 422, 429, 422]);
    } finally {
      await limited.close();
    }
  });
});
