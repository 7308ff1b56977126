import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ageTokens, everythingIn, secretsOf, tokenIn } from '../support/account-mails.js';
import { stopClockOfAttempts } from '../support/attempts.js';
import { jobsIn, runJobsNow } from '../support/jobs.js';
import { startSmtp } from '../support/smtp.js';
import type { TestSmtp } from '../support/smtp.js';
import { PASSWORD, startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const PATH = '/v1/auth/password-resets';
const NEW_PASSWORD = 'quite another passphrase 🦊';

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
afterEach(() => smtp.refuse(false));

type Client = Pick<TestApp, 'anonymous'>;

const force = (id: string, { api } = admin) => api.post(`/v1/users/${id}/password-resets`);
const request = (email: string, { anonymous }: Client = app) => anonymous.post(PATH, { email });
const confirm = (token: string, { anonymous }: Client = app) =>
  anonymous.post(`${PATH}/confirm`, { token, password: NEW_PASSWORD });
const login = (email: string, password: string) => app.anonymous.post('/v1/auth/login', { email, password });
const nextToken = async (email: string) => tokenIn(await smtp.next(email), 'reset-password');

describe('POST /v1/users/{id}/password-resets', () => {
  it('withdraws the password, ends all sessions at once, and sends a link for a day', async () => {
    const [user, other] = [await app.signIn('customer'), await app.signIn('customer')];
    const { status, text } = await force(user.id);
    expect([status, text]).toEqual([202, '']);
    expect((await user.api.get('/v1/users/me')).status).toBe(401);
    const refresh = { refresh_token: user.refreshToken };
    expect((await app.anonymous.post('/v1/auth/refresh', refresh)).status).toBe(401);
    expect((await login(user.email, PASSWORD)).status).toBe(401);

    const mail = await smtp.next(user.email);
    expect(mail.subject).toBe('You need a new password');
    for (const part of [mail.text, mail.html]) expect(part).toContain('an administrator of Stockroom');
    // A minute less than a day later.
    await app.dataSource.query(
      `UPDATE one_time_tokens SET expires_at = expires_at - interval '1439 minutes'`,
    );
    expect((await confirm(tokenIn(mail, 'reset-password'))).status).toBe(204);
    expect((await login(user.email, NEW_PASSWORD)).status).toBe(200);
    expect((await other.api.get('/v1/users/me')).status).toBe(200);
    expect((await login(other.email, PASSWORD)).status).toBe(200);
  });

  it('notes who wanted it', async () => {
    const user = await app.signIn('customer');
    await force(user.id);
    const events = await app.dataSource.query<object[]>(
      `SELECT actor_type, actor_id FROM events WHERE type = 'user.password_reset_requested' AND resource_id = $1`,
      [user.id],
    );
    expect(events).toEqual([{ actor_type: 'user', actor_id: admin.id }]);
  });

  it('makes earlier links worthless, and lets the user ask for another one', async () => {
    const { email, id } = await app.signIn('customer');
    await request(email);
    const before = await nextToken(email);
    await force(id);
    const forced = await nextToken(email);
    expect((await confirm(before)).status).toBe(422);
    await ageTokens(app.dataSource, 61);
    await request(email);
    expect((await confirm(await nextToken(email))).status).toBe(204);
    expect((await confirm(forced)).status).toBe(422);
  });

  it('is for oneself, too', async () => {
    const self = await app.signIn('admin');
    expect((await force(self.id, self)).status).toBe(202);
    expect((await self.api.get('/v1/users/me')).status).toBe(401);
    expect((await confirm(await nextToken(self.email))).status).toBe(204);
    expect((await login(self.email, NEW_PASSWORD)).status).toBe(200);
  });

  it('is 404 for nobody, and does nothing for who may not', async () => {
    const [user, manager] = [await app.signIn('customer'), await app.signIn('manager')];
    expect((await force(randomUUID())).status).toBe(404);
    expect((await force('me')).status).toBe(404);
    expect((await force(user.id, manager)).status).toBe(403);
    await admin.api.delete(`/v1/users/${manager.id}`);
    expect((await force(manager.id)).status).toBe(404);
    expect((await user.api.get('/v1/users/me')).status).toBe(200);
  });
});

describe('a mail that cannot be sent', () => {
  it.each(['asked for', 'forced'])('%s, is sent later; its token is written nowhere', async (kind) => {
    const { email, id } = await app.signIn('customer');
    smtp.refuse(true);
    const before = smtp.refused;
    expect((kind === 'forced' ? await force(id) : await request(email)).status).toBe(202);
    await until(() => smtp.refused > before);
    await until(async () => (await jobsIn(app.dataSource))[0]?.last_error != null);
    const waiting = await everythingIn(app.dataSource);
    smtp.refuse(false);
    await runJobsNow(app.dataSource);
    const token = await nextToken(email);
    await until(async () => (await jobsIn(app.dataSource)).length === 0);
    const sent = await everythingIn(app.dataSource);
    expect((await confirm(token)).status).toBe(204);
    const used = await everythingIn(app.dataSource);

    expect(waiting).toContain('token_id');
    expect(log).toContain(`Job password_resets.send${kind === 'forced' ? '_forced' : ''} failed, attempt 1`);
    for (const text of [waiting, sent, used, log]) {
      for (const secret of [...secretsOf(token), NEW_PASSWORD])
        expect(text.includes(secret), secret).toBe(false);
    }
  });
});

describe('the limits', () => {
  async function behindProxy(limit: number): Promise<TestApp> {
    const environment = { LOGIN_LIMIT_PER_MINUTE: String(limit), TRUST_PROXY: '127.0.0.1' };
    const limited = await startTestApp({ SMTP_URL: smtp.url, ...environment });
    await stopClockOfAttempts(limited);
    return limited;
  }
  const from = ({ anonymous }: TestApp, address: string) => ({
    anonymous: anonymous.with({ 'x-forwarded-for': address }),
  });

  it('hold for asking by e-mail and by address, for confirming by address', async () => {
    const limited = await behindProxy(2);
    try {
      const statuses = [];
      for (const [n, email] of [
        [1, 'ann@example.com'],
        [2, 'ANN@example.com'],
        [3, 'ann@example.com'],
        [4, 'bob@example.com'],
        [4, 'cid@example.com'],
        [4, 'dan@example.com'],
      ] as const)
        statuses.push((await request(email, from(limited, `192.0.2.${n}`))).status);
      expect(statuses).toEqual([202, 202, 429, 202, 202, 429]);

      const tries = [];
      for (const n of [1, 1, 1, 2])
        tries.push((await confirm(randomUUID(), from(limited, `192.0.2.${n}`))).status);
      expect(tries).toEqual([422, 422, 429, 422]);
    } finally {
      await limited.close();
    }
  });

  it('let in who has just set a new password, whoever hammers the account', async () => {
    const limited = await behindProxy(3);
    try {
      const { email } = await limited.signIn('customer');
      const signIn = (address: string, password: string) =>
        from(limited, address).anonymous.post('/v1/auth/login', { email, password });
      for (let n = 1; n <= 6; n += 1) await signIn(`203.0.113.${n}`, 'not the password');
      expect((await signIn('192.0.2.7', PASSWORD)).status).toBe(429);
      await request(email, from(limited, '192.0.2.7'));
      const token = await nextToken(email);
      expect((await confirm(token, from(limited, '192.0.2.7'))).status).toBe(204);
      expect((await signIn('192.0.2.7', NEW_PASSWORD)).status).toBe(200);
      expect((await signIn('203.0.113.77', NEW_PASSWORD)).status).toBe(429);
    } finally {
      await limited.close();
    }
  });
});
