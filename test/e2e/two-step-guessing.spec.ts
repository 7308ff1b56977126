import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stopClockOfAttempts } from '../support/attempts.js';
import { PASSWORD, startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { beginLogin, codeAt, confirmLogin, enrol, forgetUse, wrongCode } from '../support/totp.js';
import type { Enrolled } from '../support/totp.js';

const PATH = '/v1/auth/two-step';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

async function aUser(): Promise<Enrolled> {
  const user = await enrol(await app.signIn('customer'));
  await forgetUse(app, user);
  return user;
}

/** One code with a password entry of its own, so that only the account's own limit counts. */
const tryCode = async (user: Enrolled, code: unknown) => confirmLogin(app, await beginLogin(app, user), code);

/** The same for many at once; the passwords, which take longer, come before all codes. */
async function tryMany(user: Enrolled, count: number) {
  const mfaTokens = await Promise.all(Array.from({ length: count }, () => beginLogin(app, user)));
  return Promise.all(mfaTokens.map((mfaToken) => confirmLogin(app, mfaToken, wrongCode(user.secret))));
}

async function triesOf({ id }: Enrolled): Promise<number | undefined> {
  const [row] = await app.dataSource.query<{ tries: number }[]>(
    'SELECT tries FROM two_step_secrets WHERE user_id = $1',
    [id],
  );
  return row?.tries;
}

async function secondsSinceTry({ id }: Enrolled): Promise<number> {
  const [row] = await app.dataSource.query<{ seconds: number }[]>(
    'SELECT extract(epoch FROM now() - tried_at)::float AS seconds FROM two_step_secrets WHERE user_id = $1',
    [id],
  );
  return row?.seconds ?? NaN;
}

const pass = ({ id }: Enrolled, seconds: number) =>
  app.dataSource.query<unknown>(
    `UPDATE two_step_secrets SET tried_at = tried_at - $2 * interval '1 second' WHERE user_id = $1`,
    [id, seconds],
  );

describe('guessing codes of the app with a password that is known', () => {
  it('is over after ten, however many are sent at once, and for a right one, too', async () => {
    const user = await aUser();
    const answers = await tryMany(user, 30);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(10);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(20);
    const { status, headers, body } = await tryCode(user, codeAt(user.secret));
    expect([status, body.code]).toEqual([429, 'rate_limited']);
    const passed = await secondsSinceTry(user);
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(60 - passed);
    expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(await triesOf(user)).toBe(10);
  });

  it('keeps nobody out who has a recovery code', async () => {
    const user = await aUser();
    await tryMany(user, 11);
    expect((await tryCode(user, user.recoveryCodes[0])).status).toBe(200);
  });

  it('gets one more try after a minute, and then waits longer each time, but for 15 minutes at most', async () => {
    const user = await aUser();
    await tryMany(user, 10);
    for (const minutes of [1, 2, 4, 8, 15, 15]) {
      const refused = await tryCode(user, wrongCode(user.secret));
      expect(Math.ceil(Number(refused.headers.get('retry-after')) / 60)).toBe(minutes);
      await pass(user, minutes * 60);
      expect((await tryCode(user, wrongCode(user.secret))).status).toBe(401);
    }
  });

  it('is forgotten with a right code', async () => {
    const user = await aUser();
    await tryMany(user, 12);
    await pass(user, 60);
    expect((await tryCode(user, codeAt(user.secret))).status).toBe(200);
    expect(await triesOf(user)).toBe(0);
    expect((await tryCode(user, wrongCode(user.secret))).status).toBe(401);
  });

  it('counts the same with a stolen token', async () => {
    const user = await aUser();
    await tryMany(user, 9);
    const code = wrongCode(user.secret);
    const send = (path: string, body: object) => user.api.post(PATH + path, body);
    expect((await send('/recovery-codes', { code })).status).toBe(401);
    expect((await send('/recovery-codes', { code })).status).toBe(429);
    expect((await send('/disable', { code, current_password: PASSWORD })).status).toBe(429);
    expect((await tryCode(user, codeAt(user.secret))).status).toBe(429);
  });

  it('of one user says nothing about another', async () => {
    const [user, other] = [await aUser(), await aUser()];
    await tryMany(user, 11);
    expect((await tryCode(other, codeAt(other.secret))).status).toBe(200);
  });
});

describe('the routes that check a password or a code', () => {
  const code = '000000';
  const ROUTES: Record<string, object> = {
    [PATH]: { current_password: 'not the passphrase' },
    [`${PATH}/confirm`]: { code },
    [`${PATH}/recovery-codes`]: { code },
    [`${PATH}/disable`]: { code, current_password: 'not the passphrase' },
  };

  it('share one budget of each caller, wherever the calls come from', async () => {
    const limited = await startTestApp({ LOGIN_LIMIT_PER_MINUTE: '4', TRUST_PROXY: '127.0.0.1' });
    await stopClockOfAttempts(limited);
    let addresses = 0;
    const send = ({ api }: SignedIn, path: string) =>
      api.post(path, ROUTES[path], { 'x-forwarded-for': `192.0.2.${(addresses += 1)}` });
    try {
      const bystander = await limited.signIn('customer');
      for (const last of Object.keys(ROUTES)) {
        // Signing in has its limit, too.
        await limited.dataSource.query('DELETE FROM attempts');
        const user = await limited.signIn('customer');
        for (const path of Object.keys(ROUTES)) expect((await send(user, path)).status).not.toBe(429);
        const { status, headers } = await send(user, last);
        expect(status).toBe(429);
        expect(headers.get('ratelimit')).toMatch(/"account";r=0;/);
      }
      expect((await send(bystander, PATH)).status).toBe(401);
    } finally {
      await limited.close();
    }
  });
});
