import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Any } from '../support/api-client.js';
import { RELUCTANT, startIdentityProvider } from '../support/identity-provider.js';
import type { IdentityProvider } from '../support/identity-provider.js';
import { Browser } from '../support/oidc-browser.js';
import type { Visit } from '../support/oidc-browser.js';
import { PASSWORD, startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { decodeToken } from '../support/tokens.js';
import { codeAt, confirmLogin, enrol, forgetUse } from '../support/totp.js';

const SHOP = 'https://shop.example.com/signed-in?state=a%20b';

let provider: IdentityProvider;
let app: TestApp;

beforeAll(async () => {
  provider = await startIdentityProvider({});
  app = await startTestApp({ ...provider.environment, CORS_ORIGINS: 'https://shop.example.com' });
});
afterAll(async () => {
  await app.close();
  await provider.stop();
});

let people = 0;
/** Somebody whom only the provider knows so far. */
function somebody(claims: { email?: string; name?: string } = {}) {
  people += 1;
  const subject = `subject-${people}`;
  const { email, name } = { email: `person-${people}@example.com`, name: `Person ${people}`, ...claims };
  provider.accounts.set(subject, { email, email_verified: true, name });
  return { subject, email, browser: new Browser(app, subject) };
}

const me = async ({ body }: { body: Record<string, unknown> }) =>
  (await app.anonymous.withToken(String(body['access_token'])).get('/v1/users/me')).body;

const exchange = (code: unknown) => app.anonymous.post('/v1/auth/oidc/tokens', { code });

/** What the page of the shop finds in its URL. */
function outcomeOf({ status, location }: Visit): URLSearchParams {
  expect(status).toBe(302);
  expect(location.slice(0, SHOP.length + 1)).toBe(`${SHOP}&`);
  return new URLSearchParams(location.slice(SHOP.length + 1));
}

const eventsOf = (userId: unknown) =>
  app.dataSource.query<Record<string, unknown>[]>(
    'SELECT type, actor_id, details FROM events WHERE resource_id = $1 ORDER BY position',
    [userId],
  );

const usersCalled = (email: string) =>
  app.dataSource.query<Record<string, unknown>[]>('SELECT * FROM users WHERE lower(email) = lower($1)', [
    email,
  ]);

describe('a first sign-in', () => {
  it('creates an account', async () => {
    const { browser, subject } = somebody({ email: 'Grace@Example.com', name: 'Grace Hopper' });
    const answer = await browser.signIn();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body).toMatchObject({ token_type: 'Bearer', expires_in: 900 });
    const user = await me(answer);
    expect(user).toMatchObject({
      email: 'Grace@Example.com',
      full_name: 'Grace Hopper',
      role: 'customer',
      email_verified: true,
    });
    expect(await usersCalled('grace@example.com')).toMatchObject([{ password_hash: null }]);
    expect(
      await app.dataSource.query('SELECT * FROM identities WHERE user_id = $1', [user.id]),
    ).toMatchObject([{ issuer: provider.issuer, subject }]);
    expect(await eventsOf(user.id)).toMatchObject([
      { type: 'user.registered' },
      { type: 'user.identity_linked', actor_id: user.id, details: { issuer: provider.issuer } },
    ]);
    const login = await app.anonymous.post('/v1/auth/login', { email: user.email, password: PASSWORD });
    expect(login.status).toBe(401);
  });

  it('links an account that has the same verified address', async () => {
    const { id, email } = await app.signIn('manager');
    await app.dataSource.query('UPDATE users SET email_verified = true WHERE id = $1', [id]);
    const { browser } = somebody({ email: email.toUpperCase(), name: 'Somebody else' });
    expect(await me(await browser.signIn())).toMatchObject({
      id,
      email,
      role: 'manager',
      full_name: 'Test manager',
    });
    expect((await eventsOf(id)).map(({ type }) => type)).toEqual(['user.created', 'user.identity_linked']);
    expect((await app.anonymous.post('/v1/auth/login', { email, password: PASSWORD })).status).toBe(200);
  });

  it('of one person in many tabs at once makes one account, and signs in all of them', async () => {
    const { subject, email } = somebody();
    const browsers = Array.from({ length: 8 }, () => new Browser(app, subject));
    const callbacks: string[] = [];
    for (const browser of browsers)
      callbacks.push(await browser.passProvider((await browser.begin()).location));
    const answers = await Promise.all(browsers.map((browser, n) => browser.visit(callbacks[n] ?? '')));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(new Set((await Promise.all(answers.map(me))).map(({ id }) => id)).size).toBe(1);
    expect(await usersCalled(email)).toHaveLength(1);
  });

  it('of many at once links an account once', async () => {
    const { id, email } = await app.signIn('customer');
    await app.dataSource.query('UPDATE users SET email_verified = true WHERE id = $1', [id]);
    const { subject } = somebody({ email });
    const answers = await Promise.all(Array.from({ length: 5 }, () => new Browser(app, subject).signIn()));
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(200));
    expect((await eventsOf(id)).filter(({ type }) => type === 'user.identity_linked')).toHaveLength(1);
  });
});

describe('a later sign-in', () => {
  it('finds the account, whatever the addresses are by now', async () => {
    const { browser, subject, email } = somebody();
    const first = await me(await browser.signIn());
    const other = await app.signIn('customer');
    await app.dataSource.query('UPDATE users SET email_verified = true WHERE id = $1', [other.id]);
    provider.accounts.set(subject, { email: other.email, email_verified: true, name: 'New Name' });
    const again = await me(await new Browser(app, subject).signIn());
    expect(again).toEqual(first);
    expect(again['email']).toBe(email);
  });

  it('needs no address any more', async () => {
    const { browser, subject } = somebody();
    const { id } = await me(await browser.signIn());
    provider.accounts.set(subject, { email_verified: false });
    expect((await me(await new Browser(app, subject).signIn())).id).toBe(id);
  });

  it('of who deleted the account makes a new one', async () => {
    const { browser, email, subject } = somebody();
    const { body } = await browser.signIn();
    const first = await me({ body });
    await app.anonymous.withToken(String(body['access_token'])).delete('/v1/users/me');
    const again = await me(await new Browser(app, subject).signIn());
    expect(again).toMatchObject({ email });
    expect(again.id).not.toBe(first.id);
    expect((await me(await new Browser(app, subject).signIn())).id).toBe(again.id);
  });
});

describe('a sign-in for a page', () => {
  it('brings a code to it, which is good for tokens once', async () => {
    const { browser, email } = somebody();
    const answer = await browser.signIn(SHOP);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('content-length')).toBe('0');
    const outcome = outcomeOf(answer);
    expect([...outcome.keys()]).toEqual(['code']);
    const tokens = await exchange(outcome.get('code'));
    expect(tokens.status).toBe(200);
    expect(tokens.headers.get('cache-control')).toBe('no-store');
    expect(await me(tokens)).toMatchObject({ email });
    expect((await exchange(outcome.get('code'))).status).toBe(401);
  });

  it('begins a session of the device that exchanges the code', async () => {
    const { browser } = somebody();
    const code = outcomeOf(await browser.signIn(SHOP)).get('code');
    const client = app.anonymous.with({ 'user-agent': 'Shop/1.0' });
    const { body } = await client.post('/v1/auth/oidc/tokens', { code });
    const sessions = await client.withToken(String(body['access_token'])).get('/v1/auth/sessions');
    expect(sessions.body.data).toMatchObject([{ user_agent: 'Shop/1.0', current: true }]);
  });

  it('brings an error to it when the provider refuses', async () => {
    const answer = await new Browser(app, RELUCTANT).signIn(SHOP);
    expect(Object.fromEntries(outcomeOf(answer))).toEqual({
      error: 'invalid_credentials',
      error_description: 'The identity provider did not sign you in.',
    });
  });
});

describe('a sign-in that the provider refuses', () => {
  it('says so', async () => {
    const { status, body, headers } = await new Browser(app, RELUCTANT).signIn();
    expect(status).toBe(401);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toMatchObject({
      code: 'invalid_credentials',
      detail: 'The identity provider did not sign you in.',
      instance: '/v1/auth/oidc/callback',
    });
  });
});

describe('two-step sign-in', () => {
  async function anEnrolledUser() {
    const user = await enrol(await app.signIn('customer'));
    await forgetUse(app, user);
    await app.dataSource.query('UPDATE users SET email_verified = true WHERE id = $1', [user.id]);
    return { user, ...somebody({ email: user.email }) };
  }

  async function passes(answer: { status: number; body: Any | Record<string, unknown> }, secret: string) {
    expect(answer.status).toBe(401);
    expect(answer.body).toMatchObject({ code: 'mfa_required', expires_in: 300 });
    expect(answer.body).not.toHaveProperty('access_token');
    const confirmed = await confirmLogin(
      app,
      (answer.body as { mfa_token?: unknown }).mfa_token,
      codeAt(secret),
    );
    expect(confirmed.status).toBe(200);
    expect(decodeToken(confirmed.body.access_token).claims['amr']).toEqual(['mfa']);
  }

  it('is asked for at the callback', async () => {
    const { browser, user } = await anEnrolledUser();
    await passes(await browser.signIn(), user.secret);
  });

  it('is asked for at the exchange', async () => {
    const { browser, user } = await anEnrolledUser();
    const code = outcomeOf(await browser.signIn(SHOP)).get('code');
    await passes(await exchange(code), user.secret);
    expect((await exchange(code)).body.code).toBe('invalid_credentials');
  });
});

describe('the way to the provider', () => {
  it('asks for a code, with state, nonce and PKCE, anew each time', async () => {
    const { browser } = somebody();
    const [first, second] = [await browser.begin(), await browser.begin()];
    expect(first.status).toBe(302);
    expect(first.headers.get('cache-control')).toBe('no-store');
    const query = (visit: Visit) => Object.fromEntries(new URL(visit.location).searchParams);
    const secret = expect.stringMatching(/^[\w-]{43}$/) as string;
    expect(query(first)).toEqual({
      client_id: 'stockroom',
      response_type: 'code',
      scope: 'openid email profile',
      redirect_uri: 'http://stockroom.test/v1/auth/oidc/callback',
      state: secret,
      nonce: secret,
      code_challenge: secret,
      code_challenge_method: 'S256',
    });
    for (const name of ['state', 'nonce', 'code_challenge'])
      expect(query(first)[name]).not.toBe(query(second)[name]);
  });

  it('is not known where there is no provider', async () => {
    const without = await startTestApp();
    for (const answer of [
      await without.anonymous.get('/v1/auth/oidc/login?return_to=x'),
      await without.anonymous.get('/v1/auth/oidc/callback?code=x'),
      await without.anonymous.post('/v1/auth/oidc/tokens', { code: 'x' }),
    ])
      expect(answer.body.code).toBe('not_found');
    await without.close();
  });
});

describe('behind a proxy with https and a path', () => {
  it('works with a cookie for that path only', async () => {
    const publicUrl = 'https://stockroom.test/stock';
    const redirectUris = [`${publicUrl}/v1/auth/oidc/callback`];
    // This one puts all claims into the ID token, and no userinfo is needed.
    const other = await startIdentityProvider({
      redirectUris,
      accounts: { ann: { email: 'ann@example.com', email_verified: true } },
      configuration: { conformIdTokenClaims: false, features: { userinfo: { enabled: false } } },
    });
    const secure = await startTestApp({ ...other.environment, PUBLIC_URL: publicUrl });
    const browser = new Browser(secure, 'ann');
    const { headers, location } = await browser.begin();
    expect(headers.get('set-cookie')).toMatch(
      /^__Secure-stockroom_oidc=.+; Max-Age=600; Path=\/stock\/v1\/auth\/oidc; HttpOnly; SameSite=Lax; Secure$/,
    );
    expect((await browser.visit(await browser.passProvider(location))).status).toBe(200);
    expect(browser.jar.size).toBe(0);
    await secure.close();
    await other.stop();
  });
});
