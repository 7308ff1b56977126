import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { OneTimeTokensService } from '../../src/identity/one-time-tokens/one-time-tokens.service.js';
import { TwoStepService } from '../../src/identity/two-step/two-step.service.js';
import { PASSWORD, startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { beginLogin, codeAt, confirmLogin, enrol, forgetUse, login, wrongCode } from '../support/totp.js';
import type { Enrolled } from '../support/totp.js';

let app: TestApp;
let admin: SignedIn;

beforeAll(async () => {
  app = await startTestApp();
  admin = await app.signIn('admin');
});
afterAll(() => app.close());

/** Somebody with two-step sign-in, none of whose codes are used up. */
async function aUser(): Promise<Enrolled> {
  const user = await enrol(await app.signIn('customer'));
  await forgetUse(app, user);
  return user;
}

describe('the token between the steps', () => {
  it('is good for one sign-in', async () => {
    const user = await aUser();
    const mfaToken = await beginLogin(app, user);
    expect((await confirmLogin(app, mfaToken, user.recoveryCodes[0])).status).toBe(200);
    const { status, body } = await confirmLogin(app, mfaToken, user.recoveryCodes[1]);
    expect([status, body.code]).toEqual([401, 'invalid_credentials']);
  });

  it('is good for one of two sign-ins at once, with a code each', async () => {
    const user = await aUser();
    const mfaToken = await beginLogin(app, user);
    const codes = user.recoveryCodes.slice(0, 4);
    const answers = await Promise.all(codes.map((code) => confirmLogin(app, mfaToken, code)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
  });

  it('bears five wrong codes, also at once, and then is worth nothing', async () => {
    const user = await aUser();
    const mfaToken = await beginLogin(app, user);
    const codes = Array.from({ length: 5 }, () => wrongCode(user.secret));
    await Promise.all(codes.map((code) => confirmLogin(app, mfaToken, code)));
    const { status, body } = await confirmLogin(app, mfaToken, codeAt(user.secret));
    expect([status, body.code]).toEqual([401, 'invalid_credentials']);
    expect(body.detail).toMatch(/mfa_token/);
    expect((await confirmLogin(app, await beginLogin(app, user), codeAt(user.secret))).status).toBe(200);
  });

  it('is good for five minutes', async () => {
    const user = await aUser();
    const mfaToken = await beginLogin(app, user);
    const rows = await app.dataSource.query<unknown[]>(
      `SELECT extract(epoch FROM expires_at - created_at)::int AS life FROM one_time_tokens WHERE user_id = $1`,
      [user.id],
    );
    expect(rows).toEqual([{ life: 300 }]);
    await app.dataSource.query(
      `UPDATE one_time_tokens SET expires_at = expires_at - interval '300 s' WHERE user_id = $1`,
      [user.id],
    );
    expect((await confirmLogin(app, mfaToken, codeAt(user.secret))).status).toBe(401);
  });

  it('is no other credential, and no other one is it', async () => {
    const user = await aUser();
    const mfaToken = await beginLogin(app, user);
    expect((await app.anonymous.withToken(mfaToken).get('/v1/users/me')).status).toBe(401);
    expect((await app.anonymous.post('/v1/auth/refresh', { refresh_token: mfaToken })).status).toBe(401);
    const reset = await app.app.get(OneTimeTokensService).create(app.dataSource.manager, {
      purpose: 'password_reset',
      userId: user.id,
      lifeSeconds: 300,
    });
    const others = [reset, user.refreshToken, user.accessToken.slice(0, 256), mfaToken.toLowerCase(), ''];
    for (const other of others) {
      const { status, body } = await confirmLogin(app, other, codeAt(user.secret));
      expect([status, body.code]).toEqual([401, 'invalid_credentials']);
    }
    expect((await confirmLogin(app, user.accessToken, codeAt(user.secret))).status).toBe(422);
    expect((await confirmLogin(app, mfaToken, codeAt(user.secret))).status).toBe(200);
  });

  const changes: Record<string, (user: Enrolled) => Promise<unknown>> = {
    'was deactivated': ({ id }) => admin.api.patch(`/v1/users/${id}`, { is_active: false }),
    'was deleted': ({ id }) => admin.api.delete(`/v1/users/${id}`),
    'has changed the password': ({ api }) =>
      api.put('/v1/users/me/password', { current_password: PASSWORD, password: 'quite another passphrase' }),
  };

  it.each(Object.entries(changes))('is worth nothing once the user %s', async (_, change) => {
    const user = await aUser();
    const mfaToken = await beginLogin(app, user);
    expect(await change(user)).toMatchObject({ status: expect.toBeOneOf([200, 204]) as number });
    for (const code of [codeAt(user.secret), user.recoveryCodes[0]]) {
      const { status, body } = await confirmLogin(app, mfaToken, code);
      expect([status, body.code]).toEqual([401, 'invalid_credentials']);
    }
  });

  it('is not given for a password that is replaced while the login goes on', async () => {
    const user = await aUser();
    // After the password was checked, and before the token is made.
    const isEnabled = vi.spyOn(app.app.get(TwoStepService), 'isEnabled').mockImplementationOnce(async () => {
      const replaced = { current_password: PASSWORD, password: 'quite another passphrase' };
      expect((await user.api.put('/v1/users/me/password', replaced)).status).toBe(204);
      return true;
    });
    const { status, body } = await login(app, user);
    isEnabled.mockRestore();
    expect([status, body.code, body.mfa_token]).toEqual([401, 'invalid_credentials', undefined]);
  });
});
