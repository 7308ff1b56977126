import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { TwoStepRepository } from '../../src/identity/two-step/two-step.repository.js';
import { PASSWORD, startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { decodeToken } from '../support/tokens.js';
import { beginLogin, codeAt, confirmLogin, enrol, forgetUse, login, stepNow } from '../support/totp.js';
import type { Enrolled } from '../support/totp.js';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

/** Somebody with two-step sign-in, none of whose codes are used up. */
async function aUser(): Promise<Enrolled> {
  const user = await enrol(await app.signIn('customer'));
  await forgetUse(app, user);
  return user;
}

const firstSteps = (user: SignedIn, count: number) =>
  Promise.all(Array.from({ length: count }, () => beginLogin(app, user)));

describe('a sign-in with two steps', () => {
  it('answers a token for the second step and no other, and then the tokens', async () => {
    const user = await aUser();
    const { status, headers, body } = await login(app, user);
    expect(status).toBe(401);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toMatchObject({ code: 'mfa_required', expires_in: 300 });
    expect(Object.keys(body)).not.toContain('access_token');
    const signedIn = await confirmLogin(app, body.mfa_token, codeAt(user.secret));
    expect(signedIn.status).toBe(200);
    expect(signedIn.headers.get('cache-control')).toBe('no-store');
    expect(signedIn.body.scope).toBe('products:read orders:read orders:write');
    expect(decodeToken(signedIn.body.access_token).claims.amr).toEqual(['mfa']);
    const api = app.anonymous.withToken(signedIn.body.access_token);
    expect((await api.get('/v1/products')).status).toBe(200);
  });

  it('asks nobody for a second step who does not know the password', async () => {
    const user = await aUser();
    const { body } = await login(app, user, 'not the passphrase');
    expect([body.code, body.mfa_token]).toEqual(['invalid_credentials', undefined]);
  });

  it.each([
    ['the app, in two groups', (user: Enrolled) => codeAt(user.secret).replace(/(...)/, '$1 ')],
    ['the paper, in capitals', (user: Enrolled) => String(user.recoveryCodes[0]).toUpperCase()],
    ['the paper, without dashes', (user: Enrolled) => String(user.recoveryCodes[0]).replaceAll('-', '')],
  ])('reads the code of %s', async (_, codeOf) => {
    const user = await aUser();
    expect((await confirmLogin(app, await beginLogin(app, user), codeOf(user))).status).toBe(200);
  });

  it.each([
    [-3, 401],
    [-2, 401],
    [-1, 200],
    [0, 200],
    [1, 200],
    [2, 401],
  ])('with the code of %d half minutes from now answers %d', async (offset, status) => {
    const user = await aUser();
    const mfaToken = await beginLogin(app, user);
    // The clock stands, so that no step ends in between.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    try {
      const code = codeAt(user.secret, stepNow() + offset);
      expect((await confirmLogin(app, mfaToken, code)).status).toBe(status);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a code', () => {
  it('works once, also for a login that had begun before', async () => {
    const user = await aUser();
    const [one, two] = await firstSteps(user, 2);
    const code = codeAt(user.secret);
    expect((await confirmLogin(app, one, code)).status).toBe(200);
    const { status, body } = await confirmLogin(app, two, code);
    expect([status, body.code, body.detail]).toEqual([
      401,
      'invalid_credentials',
      'The code is wrong or already used.',
    ]);
    expect((await confirmLogin(app, await beginLogin(app, user), code)).status).toBe(401);
  });

  it('works for one of 20 who use it at once', async () => {
    const user = await aUser();
    const mfaTokens = await firstSteps(user, 20);
    const code = codeAt(user.secret);
    const answers = await Promise.all(mfaTokens.map((mfaToken) => confirmLogin(app, mfaToken, code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { status } of answers) expect([200, 401, 429]).toContain(status);
    const [{ count } = { count: -1 }] = await app.dataSource.query<{ count: number }[]>(
      'SELECT count(*)::int FROM sessions WHERE user_id = $1 AND second_factor',
      [user.id],
    );
    expect(count).toBe(1);
  });

  it('makes the one before it worthless', async () => {
    const user = await aUser();
    const [one, two] = await firstSteps(user, 2);
    expect((await confirmLogin(app, one, codeAt(user.secret))).status).toBe(200);
    expect((await confirmLogin(app, two, codeAt(user.secret, stepNow() - 1))).status).toBe(401);
    expect((await confirmLogin(app, two, codeAt(user.secret, stepNow() + 1))).status).toBe(200);
  });

  it('is one’s own', async () => {
    const [user, other] = [await aUser(), await aUser()];
    const mfaToken = await beginLogin(app, user);
    expect((await confirmLogin(app, mfaToken, codeAt(other.secret))).status).toBe(401);
    expect((await confirmLogin(app, mfaToken, other.recoveryCodes[0])).status).toBe(401);
  });

  it('is worth nothing if its secret is replaced while it is checked', async () => {
    const user = await aUser();
    const mfaToken = await beginLogin(app, user);
    const repository = app.app.get(TwoStepRepository);
    const useStep = repository.useStep.bind(repository);
    const spy = vi.spyOn(repository, 'useStep').mockImplementationOnce(async (...use) => {
      await app.dataSource.query('DELETE FROM two_step_secrets WHERE user_id = $1', [user.id]);
      const again = await enrol(user);
      await forgetUse(app, again);
      return useStep(...use);
    });
    expect((await confirmLogin(app, mfaToken, codeAt(user.secret))).status).toBe(401);
    expect(spy).toHaveBeenCalledTimes(1);
    spy.mockRestore();
  });

  it('works no more once two-step sign-in is turned off', async () => {
    const user = await aUser();
    const mfaToken = await beginLogin(app, user);
    const code = user.recoveryCodes[0];
    await user.api.post('/v1/auth/two-step/disable', { current_password: PASSWORD, code });
    expect((await confirmLogin(app, mfaToken, codeAt(user.secret))).status).toBe(401);
    expect((await confirmLogin(app, mfaToken, user.recoveryCodes[1])).status).toBe(401);
  });
});

describe('a recovery code', () => {
  it('works once, and is recorded', async () => {
    const user = await aUser();
    const code = user.recoveryCodes[3];
    const [one, two] = await firstSteps(user, 2);
    expect((await confirmLogin(app, one, code)).status).toBe(200);
    expect((await confirmLogin(app, two, code)).status).toBe(401);
    expect((await user.api.get('/v1/auth/two-step')).body.recovery_codes_left).toBe(9);
    const events = await app.dataSource.query<unknown[]>(
      `SELECT actor_type, actor_id FROM events WHERE type = 'user.recovery_code_used' AND resource_id = $1`,
      [user.id],
    );
    expect(events).toEqual([{ actor_type: 'user', actor_id: user.id }]);
  });

  it('works for one of ten who use it at once', async () => {
    const user = await aUser();
    const mfaTokens = await firstSteps(user, 10);
    const answers = await Promise.all(
      mfaTokens.map((mfaToken) => confirmLogin(app, mfaToken, user.recoveryCodes[0])),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(401)]);
  });

  it('is known from none that was invented, not even from its hash', async () => {
    const user = await aUser();
    const [{ code_hash } = { code_hash: Buffer.alloc(0) }] = await app.dataSource.query<
      { code_hash: Buffer }[]
    >('SELECT code_hash FROM recovery_codes WHERE user_id = $1', [user.id]);
    const mfaToken = await beginLogin(app, user);
    for (const code of [
      code_hash.toString('hex'),
      code_hash.toString('base64url'),
      '',
      '-',
      '0000-0000-0000-0000',
    ])
      expect((await confirmLogin(app, mfaToken, code.slice(0, 64))).status).toBe(401);
  });
});
