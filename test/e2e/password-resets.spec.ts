import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { OneTimeTokensService } from '../../src/identity/one-time-tokens/one-time-tokens.service.js';
import { ageTokens, countTokens, tokenIn } from '../support/account-mails.js';
import { jobsIn } from '../support/jobs.js';
import { startSmtp } from '../support/smtp.js';
import type { TestSmtp } from '../support/smtp.js';
import { PASSWORD, startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { beginLogin, codeAt, confirmLogin, enrol, forgetUse } from '../support/totp.js';
import { until } from '../support/until.js';

const PATH = '/v1/auth/password-resets';
const NEW_PASSWORD = 'quite another passphrase 🦊';

let smtp: TestSmtp;
let app: TestApp;
let admin: SignedIn;

beforeAll(async () => {
  smtp = await startSmtp();
  app = await startTestApp({ SMTP_URL: smtp.url });
  admin = await app.signIn('admin');
});
afterAll(async () => {
  await app.close();
  await smtp.stop();
});
afterEach(() => void vi.useRealTimers());

const request = (email: unknown) => app.anonymous.post(PATH, { email });
const confirm = (token: unknown, password: unknown = NEW_PASSWORD) =>
  app.anonymous.post(`${PATH}/confirm`, { token, password });
const login = (email: string, password: string) => app.anonymous.post('/v1/auth/login', { email, password });
const refresh = (refresh_token: unknown) => app.anonymous.post('/v1/auth/refresh', { refresh_token });
const me = async ({ api }: SignedIn) => (await api.get('/v1/users/me')).status;

/** Until no job is left: every mail that will be sent was sent. */
const allSent = () => until(async () => (await jobsIn(app.dataSource)).length === 0);
const mailsTo = (email: string) => smtp.mails.filter(({ envelope }) => envelope.to.includes(email));
const nextToken = async (email: string) => tokenIn(await smtp.next(email), 'reset-password');

async function requestToken(email: string): Promise<string> {
  await request(email);
  return nextToken(email);
}

async function expectRefusal(token: unknown): Promise<void> {
  const { status, body } = await confirm(token);
  expect([status, body.code]).toEqual([422, 'validation_failed']);
  expect(body.errors).toEqual([
    { pointer: '/token', code: 'invalid_token', message: 'token is invalid or expired' },
  ]);
}

describe('POST /v1/auth/password-resets', () => {
  it('sends a link on PUBLIC_URL to the address of the account, in both parts of the mail', async () => {
    const { email, id } = await app.signIn('customer');
    const { status, text, headers } = await request(email.toUpperCase());
    expect([status, text, headers.get('cache-control')]).toEqual([202, '', 'no-store']);
    const mail = await smtp.next(email);
    expect(mail.envelope).toMatchObject({ from: 'no-reply@stockroom.test', to: [email] });
    expect(mail.subject).toBe('Choose a new password');
    expect(tokenIn(mail, 'reset-password')).toMatch(/^[\w-]{64}$/);
    for (const part of [mail.text, mail.html]) expect(part).toContain('your password stays as it is');
    const [row] = await app.dataSource.query<{ life: number }[]>(
      `SELECT extract(epoch FROM expires_at - created_at)::int AS life FROM one_time_tokens WHERE user_id = $1`,
      [id],
    );
    expect(row?.life).toBe(3600);
  });

  it('sends one mail a minute at most, however many ask', async () => {
    const { email } = await app.signIn('customer');
    vi.useFakeTimers({ toFake: ['Date'] });
    await Promise.all(Array.from({ length: 12 }, () => request(email)));
    await allSent();
    expect(mailsTo(email)).toHaveLength(1);
    await ageTokens(app.dataSource, 61);
    await request(email);
    await allSent();
    expect(mailsTo(email)).toHaveLength(2);
  });

  it('changes nothing by itself', async () => {
    const user = await app.signIn('customer');
    await requestToken(user.email);
    expect([await me(user), (await refresh(user.refreshToken)).status]).toEqual([200, 200]);
    expect((await login(user.email, PASSWORD)).status).toBe(200);
  });

  it.each(['nobody', '', null, 1, ['a@example.com'], `${'a'.repeat(250)}@example.com`, undefined])(
    'refuses what is no address: %j',
    async (email) => {
      const { status, body } = await request(email);
      expect([status, body.errors]).toMatchObject([422, [{ pointer: '/email' }]]);
    },
  );
});

describe('POST /v1/auth/password-resets/confirm', () => {
  it('makes the new password the only one, verifies the address, and notes it', async () => {
    const user = await app.signIn('customer');
    const token = await requestToken(user.email);
    const { status, text, headers } = await confirm(token);
    expect([status, text, headers.get('cache-control')]).toEqual([204, '', 'no-store']);
    expect((await login(user.email, PASSWORD)).status).toBe(401);
    const { body } = await login(user.email, NEW_PASSWORD);
    const again = await app.anonymous.withToken(String(body.access_token)).get('/v1/users/me');
    expect(again.body).toMatchObject({ id: user.id, email_verified: true });
    const events = await app.dataSource.query<object[]>(
      `SELECT type, actor_type, actor_id FROM events WHERE resource_id = $1 AND type LIKE 'user.%' ORDER BY position`,
      [user.id],
    );
    expect(events.slice(1)).toEqual([
      { type: 'user.password_reset_requested', actor_type: 'user', actor_id: null },
      { type: 'user.email_verified', actor_type: 'user', actor_id: user.id },
      { type: 'user.password_reset', actor_type: 'user', actor_id: user.id },
    ]);
  });

  it('ends all sessions at once, also their access tokens, and none of anybody else', async () => {
    const [user, other] = [await app.signIn('customer'), await app.signIn('customer')];
    const phone = (await login(user.email, PASSWORD)).body;
    expect((await confirm(await requestToken(user.email))).status).toBe(204);
    expect(await me(user)).toBe(401);
    const onPhone = app.anonymous.withToken(String(phone.access_token));
    expect((await onPhone.get('/v1/users/me')).status).toBe(401);
    for (const token of [user.refreshToken, phone.refresh_token])
      expect((await refresh(token)).status).toBe(401);
    expect([await me(other), (await refresh(other.refreshToken)).status]).toEqual([200, 200]);
    expect((await login(other.email, PASSWORD)).status).toBe(200);
  });

  it('takes a token once', async () => {
    const { email } = await app.signIn('customer');
    const token = await requestToken(email);
    expect((await confirm(token)).status).toBe(204);
    await expectRefusal(token);
    expect((await login(email, NEW_PASSWORD)).status).toBe(200);
  });

  it('takes one of an account’s tokens, however many are presented at the same time', async () => {
    const { email } = await app.signIn('customer');
    const tokens = [await requestToken(email)];
    await ageTokens(app.dataSource, 61);
    tokens.push(await requestToken(email));
    const tries = Array.from({ length: 10 }, (_, n) => `the passphrase number ${n}`);
    const answers = await Promise.all(tries.map((password, n) => confirm(tokens[n % 2], password)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, ...Array<number>(9).fill(422)]);
    const winner = tries[answers.findIndex(({ status }) => status === 204)] ?? '';
    expect((await login(email, winner)).status).toBe(200);
  });

  it('revokes whatever else was handed out, and nothing of anybody else', async () => {
    const [user, other] = [await app.signIn('customer'), await app.signIn('customer')];
    const token = await requestToken(user.email);
    const purposes = ['password_reset', 'two_step_sign_in', 'oidc_sign_in', 'email_verification'] as const;
    const give = (purpose: (typeof purposes)[number], { id, email }: SignedIn) =>
      app.app
        .get(OneTimeTokensService)
        .create(app.dataSource.manager, { purpose, userId: id, email, lifeSeconds: 600 });
    for (const purpose of purposes) await Promise.all([give(purpose, user), give(purpose, other)]);
    expect((await confirm(token)).status).toBe(204);
    const left = (id: string) =>
      Promise.all(purposes.map((purpose) => countTokens(app.dataSource, id, purpose)));
    expect([await left(user.id), await left(other.id)]).toEqual([
      [0, 0, 0, 1],
      [1, 1, 1, 1],
    ]);
  });

  it('leaves two-step sign-in on, and ends a sign-in that is half-way', async () => {
    const user = await enrol(await app.signIn('customer'));
    const halfWay = await beginLogin(app, user);
    expect((await confirm(await requestToken(user.email))).status).toBe(204);
    await forgetUse(app, user);
    expect((await confirmLogin(app, halfWay, codeAt(user.secret))).status).toBe(401);
    const { status, body } = await login(user.email, NEW_PASSWORD);
    expect([status, body.code]).toEqual([401, 'mfa_required']);
  });

  it.each([
    ['a short one', 'xk7 Rq2!pw9', 'length'],
    ['a common one', 'qwertyuiop123', 'common_password'],
    ['a long one', 'p'.repeat(129), 'length'],
    ['none', undefined, 'required'],
  ])('refuses %s without using up the token', async (_, password, code) => {
    const { email } = await app.signIn('customer');
    const token = await requestToken(email);
    const { status, body } = await app.anonymous.post(`${PATH}/confirm`, { token, password });
    expect([status, body.errors]).toMatchObject([422, [{ pointer: '/password', code }]]);
    expect((await login(email, PASSWORD)).status).toBe(200);
    expect((await confirm(token)).status).toBe(204);
  });

  it('refuses an expired token', async () => {
    const { email, id } = await app.signIn('customer');
    const token = await requestToken(email);
    await app.dataSource.query('UPDATE one_time_tokens SET expires_at = now() WHERE user_id = $1', [id]);
    await expectRefusal(token);
    expect((await login(email, PASSWORD)).status).toBe(200);
  });

  it.each(['email_verification', 'two_step_sign_in', 'oidc_sign_in'] as const)(
    'refuses a token for another purpose: %s',
    async (purpose) => {
      const { id, email } = await app.signIn('customer');
      const token = await app.app
        .get(OneTimeTokensService)
        .create(app.dataSource.manager, { purpose, userId: id, email, lifeSeconds: 600 });
      await expectRefusal(token);
      expect((await login(email, PASSWORD)).status).toBe(200);
    },
  );

  it('refuses a token in which anything was changed, and then still takes the genuine one', async () => {
    const { email } = await app.signIn('customer');
    const token = await requestToken(email);
    for (let at = 0; at < token.length; at += 9) {
      const other = token[at] === 'A' ? 'B' : 'A';
      await expectRefusal(token.slice(0, at) + other + token.slice(at + 1));
    }
    for (const other of ['', `${token}A`, ` ${token}`, `${token}=`, 'A'.repeat(64)])
      await expectRefusal(other);
    expect((await confirm(token)).status).toBe(204);
  });

  it('refuses the token of a mail to an address that the account has no more', async () => {
    const { email, id } = await app.signIn('customer');
    const token = await requestToken(email);
    await admin.api.patch(`/v1/users/${id}`, { email: `new-${email}` });
    await expectRefusal(token);
    expect((await login(`new-${email}`, PASSWORD)).status).toBe(200);
  });

  it('refuses the token of an account that was deactivated, until it is active again', async () => {
    const { email, id } = await app.signIn('customer');
    const token = await requestToken(email);
    await admin.api.patch(`/v1/users/${id}`, { is_active: false });
    await expectRefusal(token);
    await admin.api.patch(`/v1/users/${id}`, { is_active: true });
    expect((await login(email, PASSWORD)).status).toBe(200);
    expect((await confirm(token)).status).toBe(204);
  });

  it('refuses the token of an account that was deleted', async () => {
    const { email, id } = await app.signIn('customer');
    const token = await requestToken(email);
    await admin.api.delete(`/v1/users/${id}`);
    await expectRefusal(token);
  });
});
