import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { OneTimeTokensService } from '../../src/identity/one-time-tokens/one-time-tokens.service.js';
import type { TokenPurpose } from '../../src/identity/one-time-tokens/one-time-token.entity.js';
import { UsersService } from '../../src/identity/users/users.service.js';
import { startIdentityProvider } from '../support/identity-provider.js';
import type { IdentityProvider } from '../support/identity-provider.js';
import { Browser, expectRefused, parameterOf } from '../support/oidc-browser.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { enrol } from '../support/totp.js';

const SHOP = 'https://shop.example.com/signed-in';

let provider: IdentityProvider;
let app: TestApp;
let admin: SignedIn;

beforeAll(async () => {
  provider = await startIdentityProvider({
    accounts: {
      victim: { email: 'victim@example.com', email_verified: true },
      attacker: { email: 'attacker@example.com', email_verified: true },
    },
  });
  app = await startTestApp({ ...provider.environment, CORS_ORIGINS: 'https://shop.example.com' });
  admin = await app.signIn('admin');
});
afterAll(async () => {
  await app.close();
  await provider.stop();
});

const as = (account: string) => new Browser(app, account);

const countOf = async (table: string) =>
  (await app.dataSource.query<unknown[]>(`SELECT 1 FROM ${table}`)).length;

describe('an address', () => {
  let count = 0;
  const newcomer = (claims: Record<string, unknown>) => {
    count += 1;
    provider.accounts.set(`newcomer-${count}`, claims);
    return as(`newcomer-${count}`);
  };

  it.each([false, 'true', undefined, null])(
    'that the provider verified %s is nobody’s',
    async (email_verified) => {
      const { id, email } = await app.signIn('customer');
      await app.dataSource.query('UPDATE users SET email_verified = true WHERE id = $1', [id]);
      const before = [await countOf('users'), await countOf('identities')];
      for (const address of [email, 'brand.new@example.com', undefined]) {
        const { status, body } = await newcomer({ email: address, email_verified }).signIn();
        expect([status, body['code']]).toEqual([403, 'email_not_verified']);
        expect(body['detail']).toContain('The identity provider did not confirm');
      }
      expect([await countOf('users'), await countOf('identities')]).toEqual(before);
    },
  );

  it('that somebody registered before its owner came gives them no share in the account', async () => {
    const email = 'wanted@example.com';
    const password = 'the password of the attacker';
    await app.anonymous.post('/v1/auth/register', { email, password, full_name: 'Attacker' });
    const owner = newcomer({ email, email_verified: true });
    const { status, body } = await owner.signIn();
    expect([status, body['code']]).toEqual([403, 'email_not_verified']);
    expect(body['detail']).toContain('An account with your e-mail address exists');
    expect((await owner.signIn(SHOP)).location).toContain(
      `${SHOP}?error=email_not_verified&error_description=An`,
    );
    // Whoever verifies it has the mails.
    await app.dataSource.query('UPDATE users SET email_verified = true WHERE email = $1', [email]);
    expect((await owner.signIn()).status).toBe(200);
  });
});

describe('an account that loses the address while somebody comes with it', () => {
  it('is not linked', async () => {
    const { id, email } = await app.signIn('customer');
    await app.dataSource.query('UPDATE users SET email_verified = true WHERE id = $1', [id]);
    provider.accounts.set('late', { email, email_verified: true });
    const users = app.app.get(UsersService, { strict: false });
    const found = await users.findByEmail(email);
    const search = vi.spyOn(users, 'findByEmail').mockImplementationOnce(async () => {
      await app.dataSource.query('UPDATE users SET email = $2 WHERE id = $1', [id, `new.${email}`]);
      return found;
    });
    expectRefused(await as('late').signIn(), 'The account has changed. Sign in again.');
    search.mockRestore();
    expect(await app.dataSource.query('SELECT 1 FROM identities WHERE user_id = $1', [id])).toEqual([]);
  });
});

describe('a user who is deactivated', () => {
  const CLOSED = 'You cannot sign in to this account. Ask an administrator.';

  async function aLinkedUser(account: string) {
    const user = await app.signIn('customer');
    await app.dataSource.query('UPDATE users SET email_verified = true WHERE id = $1', [user.id]);
    provider.accounts.set(account, { email: user.email, email_verified: true });
    expect((await as(account).signIn()).status).toBe(200);
    return user;
  }
  const deactivate = ({ id }: SignedIn) => admin.api.patch(`/v1/users/${id}`, { is_active: false });

  it('cannot come in, and that is recorded', async () => {
    const user = await aLinkedUser('closed-1');
    await deactivate(user);
    expectRefused(await as('closed-1').signIn(), CLOSED);
    expect((await as('closed-1').signIn(SHOP)).location).toContain(`${SHOP}?error=invalid_credentials&`);
    const recorded = await app.dataSource.query<unknown[]>(
      `SELECT 1 FROM events WHERE type = 'session.refused' AND actor_id = $1`,
      [user.id],
    );
    expect(recorded).toHaveLength(2);
  });

  it('is not asked for a second step either', async () => {
    const user = await aLinkedUser('closed-2');
    await enrol(user);
    await deactivate(user);
    expectRefused(await as('closed-2').signIn(), CLOSED);
  });

  it('cannot use a code from before', async () => {
    const user = await aLinkedUser('closed-3');
    const { location } = await as('closed-3').signIn(SHOP);
    await deactivate(user);
    const { status, body } = await app.anonymous.post('/v1/auth/oidc/tokens', {
      code: parameterOf(location, 'code'),
    });
    expect([status, body.code]).toEqual([401, 'invalid_credentials']);
  });
});

describe('the code for the tokens', () => {
  afterEach(() => void vi.useRealTimers());

  const exchange = (code: unknown) => app.anonymous.post('/v1/auth/oidc/tokens', { code });
  const newCode = async () => parameterOf((await as('victim').signIn(SHOP)).location, 'code');

  it('is good for one of many who use it at once', async () => {
    const code = await newCode();
    const answers = await Promise.all(Array.from({ length: 10 }, () => exchange(code)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(401)]);
  });

  it('is good for a minute', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const [early, late] = [await newCode(), await newCode()];
    const age = (seconds: number) =>
      app.dataSource.query(`UPDATE one_time_tokens SET expires_at = expires_at - $1 * interval '1 second'`, [
        seconds,
      ]);
    await age(50);
    expect((await exchange(early)).status).toBe(200);
    await age(10);
    expect((await exchange(late)).status).toBe(401);
  });

  it('is good for nothing else, and nothing else is good for it', async () => {
    const tokens = app.app.get(OneTimeTokensService, { strict: false });
    const { id: userId } = await app.signIn('customer');
    const others: TokenPurpose[] = ['email_verification', 'password_reset', 'two_step_sign_in'];
    for (const purpose of others) {
      const token = await tokens.create(app.dataSource.manager, { purpose, userId, lifeSeconds: 60 });
      expect((await exchange(token)).body.code).toBe('invalid_credentials');
    }
    const code = await newCode();
    const asMfaToken = { mfa_token: code, code: '123456' };
    expect((await app.anonymous.post('/v1/auth/login/confirm', asMfaToken)).status).toBe(401);
    expect((await exchange(code)).status).toBe(200);
  });

  it.each([['x'], [''], ['A'.repeat(64)]])('is not %j', async (code) => {
    expect((await exchange(code)).body.code).toBe('invalid_credentials');
  });

  it.each([[undefined], [null], [1], [['x']], [{ x: 1 }], ['x'.repeat(257)]])('is never %j', async (code) => {
    expect((await exchange(code)).status).toBe(422);
  });
});
