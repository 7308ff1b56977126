import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OneTimeTokensService } from '../../src/identity/one-time-tokens/one-time-tokens.service.js';
import { countTokens, register, tokenIn } from '../support/account-mails.js';
import type { ApiClient } from '../support/api-client.js';
import { jobsIn } from '../support/jobs.js';
import { startSmtp } from '../support/smtp.js';
import type { Mail, TestSmtp } from '../support/smtp.js';
import { PASSWORD, startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const PATH = '/v1/auth/email-verifications';

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

const confirm = (token: unknown) => app.anonymous.post(`${PATH}/confirm`, { token });
const tokenOf = (mail: Mail) => tokenIn(mail, 'verify-email');
const isVerified = async ({ api }: { api: ApiClient }) => (await api.get('/v1/users/me')).body.email_verified;

/** Until no job is left: every mail that will be sent was sent. */
const allSent = () => until(async () => (await jobsIn(app.dataSource)).length === 0);

async function expectRefusal(token: unknown): Promise<void> {
  const { status, body } = await confirm(token);
  expect(status).toBe(422);
  expect(body).toEqual({
    type: 'http://stockroom.test/docs/errors#validation_failed',
    title: 'Validation failed',
    status: 422,
    detail: '1 value is invalid.',
    instance: `${PATH}/confirm`,
    code: 'validation_failed',
    errors: [{ pointer: '/token', code: 'invalid_token', message: 'token is invalid or expired' }],
    trace_id: body.trace_id,
  });
}

describe('registering', () => {
  it('sends a mail to the address, with a link on PUBLIC_URL in both of its parts', async () => {
    const { email, id } = await register(app);
    const mail = await smtp.next(email);
    expect(mail.envelope).toMatchObject({ from: 'no-reply@stockroom.test', to: [email] });
    expect(mail.subject).toBe('Verify your e-mail address');
    expect(tokenOf(mail)).toMatch(/^[\w-]{64}$/);
    for (const part of [mail.text, mail.html]) {
      expect(part).toContain('If it was not you, ignore this mail');
      // Whoever registers chooses the name, and could write to anybody by it.
      expect(part).not.toContain('evil.example');
    }
    await allSent();
    expect(smtp.mails.filter(({ envelope }) => envelope.to.includes(email))).toHaveLength(1);
    const [row] = await app.dataSource.query<{ life: number }[]>(
      `SELECT extract(epoch FROM expires_at - created_at)::int AS life FROM one_time_tokens WHERE user_id = $1`,
      [id],
    );
    expect(row?.life).toBe(24 * 3600);
  });

  it('sends none to whom an account of this address belongs', async () => {
    const { email, id } = await register(app);
    await smtp.next(email);
    const again = { email, password: PASSWORD, full_name: 'Ann' };
    expect((await app.anonymous.post('/v1/auth/register', again)).status).toBe(409);
    await allSent();
    expect(smtp.mails.filter(({ envelope }) => envelope.to.includes(email))).toHaveLength(1);
    expect(await countTokens(app.dataSource, id)).toBe(1);
  });
});

describe('POST /v1/auth/email-verifications/confirm', () => {
  it('verifies the address, once, and notes it', async () => {
    const user = await register(app);
    const token = tokenOf(await smtp.next(user.email));
    expect(await isVerified(user)).toBe(false);
    const { status, text, headers } = await confirm(token);
    expect([status, text, headers.get('cache-control')]).toEqual([204, '', 'no-store']);
    expect(await isVerified(user)).toBe(true);
    const events = await app.dataSource.query<object[]>(
      `SELECT actor_type, actor_id FROM events WHERE type = 'user.email_verified' AND resource_id = $1`,
      [user.id],
    );
    expect(events).toEqual([{ actor_type: 'user', actor_id: user.id }]);
    await expectRefusal(token);
  });

  it('takes a token once, however many present it at the same time', async () => {
    const user = await register(app);
    const token = tokenOf(await smtp.next(user.email));
    const answers = await Promise.all(Array.from({ length: 20 }, () => confirm(token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, ...Array<number>(19).fill(422)]);
  });

  it('verifies nobody else', async () => {
    const [user, other] = [await register(app), await register(app)];
    await confirm(tokenOf(await smtp.next(user.email)));
    expect([await isVerified(user), await isVerified(other)]).toEqual([true, false]);
  });

  it('refuses an expired token', async () => {
    const user = await register(app);
    const token = tokenOf(await smtp.next(user.email));
    await app.dataSource.query('UPDATE one_time_tokens SET expires_at = now() WHERE user_id = $1', [user.id]);
    await expectRefusal(token);
    expect(await isVerified(user)).toBe(false);
  });

  it.each(['password_reset', 'two_step_sign_in', 'oidc_sign_in'] as const)(
    'refuses a token for another purpose: %s',
    async (purpose) => {
      const user = await register(app);
      const token = await app.app.get(OneTimeTokensService).create(app.dataSource.manager, {
        purpose,
        userId: user.id,
        email: user.email,
        lifeSeconds: 600,
      });
      await expectRefusal(token);
      expect([await isVerified(user), await countTokens(app.dataSource, user.id, purpose)]).toEqual([
        false,
        1,
      ]);
    },
  );

  it('refuses a token in which anything was changed, and then still takes the genuine one', async () => {
    const user = await register(app);
    const token = tokenOf(await smtp.next(user.email));
    for (let at = 0; at < token.length; at += 9) {
      const other = token[at] === 'A' ? 'B' : 'A';
      await expectRefusal(token.slice(0, at) + other + token.slice(at + 1));
    }
    for (const other of [
      '',
      ' ',
      `${token}A`,
      ` ${token}`,
      `${token}=`,
      token.slice(1),
      'A'.repeat(64),
      '💣',
    ])
      await expectRefusal(other);
    expect((await confirm(token)).status).toBe(204);
  });

  it.each([null, 1, {}, ['x'], undefined, 'A'.repeat(257)])('refuses by its form %j', async (token) => {
    const { status, body } = await confirm(token);
    expect([status, body.errors]).toMatchObject([422, [{ pointer: '/token' }]]);
  });

  it('does not verify an address that the account has no more', async () => {
    const user = await register(app);
    const token = tokenOf(await smtp.next(user.email));
    await admin.api.patch(`/v1/users/${user.id}`, { email: `new-${user.email}` });
    await expectRefusal(token);
    expect(await isVerified(user)).toBe(false);
    await admin.api.patch(`/v1/users/${user.id}`, { email: user.email });
    await expectRefusal(token);
    expect(await isVerified(user)).toBe(false);
  });

  it('verifies an address that is written in other letters now', async () => {
    const user = await register(app);
    const token = tokenOf(await smtp.next(user.email));
    await admin.api.patch(`/v1/users/${user.id}`, { email: user.email.toUpperCase() });
    expect((await confirm(token)).status).toBe(204);
    expect(await isVerified(user)).toBe(true);
  });

  it('refuses the token of an account that was deleted', async () => {
    const user = await register(app);
    const token = tokenOf(await smtp.next(user.email));
    await admin.api.delete(`/v1/users/${user.id}`);
    await expectRefusal(token);
  });
});
