import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startIdentityProvider } from '../support/identity-provider.js';
import type { IdentityProvider } from '../support/identity-provider.js';
import { stopClockOfAttempts } from '../support/attempts.js';
import { Browser, expectRefused, parameterOf, withParameter } from '../support/oidc-browser.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { toBase64 } from '../support/tokens.js';

const SHOP = 'https://shop.example.com/signed-in';

let provider: IdentityProvider;
let app: TestApp;

beforeAll(async () => {
  provider = await startIdentityProvider({
    accounts: {
      victim: { email: 'victim@example.com', email_verified: true },
      attacker: { email: 'attacker@example.com', email_verified: true },
    },
  });
  app = await startTestApp({ ...provider.environment, CORS_ORIGINS: 'https://shop.example.com' });
});
afterAll(async () => {
  await app.close();
  await provider.stop();
});

const as = (account: string) => new Browser(app, account);

/** A callback that is about to be visited. */
async function callbackOf(browser: Browser, returnTo?: string): Promise<string> {
  return browser.passProvider((await browser.begin(returnTo)).location);
}

describe('a callback', () => {
  const NOT_BEGUN = 'This browser has not started a sign-in within the last ten minutes. Start again.';

  it('is worth nothing in a browser that did not begin', async () => {
    const url = await callbackOf(as('attacker'));
    expectRefused(await as('victim').visit(url), NOT_BEGUN);
  });

  it('is worth nothing in a browser that began something else', async () => {
    const victim = as('victim');
    await victim.begin();
    const attackers = await callbackOf(as('attacker'));
    expectRefused(await victim.visit(attackers));
  });

  it('is worth nothing with the state of the browser and the code of another', async () => {
    const attacker = as('attacker');
    const [mine, victims] = [await callbackOf(attacker), await callbackOf(as('victim'))];
    expectRefused(await attacker.visit(withParameter(mine, 'code', parameterOf(victims, 'code'))));
  });

  it('is worth nothing with the cookie of another sign-in of the same browser', async () => {
    const browser = as('victim');
    const first = await callbackOf(browser);
    await browser.begin();
    expectRefused(await browser.visit(first));
  });

  it.each(['', 'x', 'af0ifjsldkj'])('is refused with the state "%s"', async (state) => {
    const browser = as('victim');
    expectRefused(await browser.visit(withParameter(await callbackOf(browser), 'state', state)));
  });

  it.each(['state', 'code', 'iss'])('is refused without, and with two of %s', async (name) => {
    for (const change of ['delete', 'append'] as const) {
      const browser = as('victim');
      const url = new URL(await callbackOf(browser));
      if (change === 'delete') url.searchParams.delete(name);
      else url.searchParams.append(name, url.searchParams.get(name) ?? '');
      expectRefused(await browser.visit(url.href));
    }
  });

  it('is refused with the issuer of another provider (RFC 9207)', async () => {
    const browser = as('victim');
    expectRefused(
      await browser.visit(withParameter(await callbackOf(browser), 'iss', 'https://evil.example')),
    );
  });

  it('takes what else a provider adds', async () => {
    const browser = as('victim');
    const url = withParameter(await callbackOf(browser), 'session_state', 'x');
    expect((await browser.visit(withParameter(url, 'scope', 'openid'))).status).toBe(200);
  });

  it('has one try, and takes its cookie away', async () => {
    const browser = as('victim');
    const url = await callbackOf(browser);
    expectRefused(await browser.visit(withParameter(url, 'state', 'x')));
    expect(browser.jar.size).toBe(0);
    expectRefused(await browser.visit(url), NOT_BEGUN);
  });

  it('is worth nothing a second time, even to who kept the cookie', async () => {
    const browser = as('victim');
    const url = await callbackOf(browser);
    const cookies = [...browser.jar];
    expect((await browser.visit(url)).status).toBe(200);
    for (const [name, cookie] of cookies) browser.jar.set(name, cookie);
    expectRefused(await browser.visit(url));
  });

  it('is refused with a cookie that was sealed for something else, or is too old', async () => {
    const browser = as('victim');
    const url = await callbackOf(browser);
    const [[name, cookie] = ['', { value: '', path: '' }]] = browser.jar;
    const text = app.config.sealer.open(cookie.value, 'oidc') ?? '';
    const old = JSON.stringify({ ...(JSON.parse(text) as object), begunAt: Date.now() - 600_000 });
    const forged = [
      app.config.sealer.seal(text, 'totp:1'),
      app.config.sealer.seal(old, 'oidc'),
      `${cookie.value}A`,
      toBase64(JSON.parse(text)),
    ];
    for (const value of forged) {
      browser.jar.set(name, { ...cookie, value });
      expectRefused(await browser.visit(url), NOT_BEGUN);
    }
    browser.jar.set(name, cookie);
    expect((await browser.visit(url)).status).toBe(200);
  });

  it('goes nowhere but where the sign-in said, whatever its query says', async () => {
    for (const parameter of ['return_to', 'redirect_uri', 'error_uri']) {
      const browser = as('victim');
      const url = withParameter(await callbackOf(browser), parameter, 'https://evil.example/');
      expect((await browser.visit(url)).status).toBe(200);
    }
    const browser = as('victim');
    const url = withParameter(await callbackOf(browser, SHOP), 'state', 'https://evil.example');
    const { status, location } = await browser.visit(url);
    expect(status).toBe(302);
    expect(location).toBe(
      `${SHOP}?error=invalid_credentials&error_description=The+sign-in+could+not+be+verified.+Start+again.`,
    );
  });
});

describe('PKCE', () => {
  it.each([
    ['without a challenge', (url: URL) => url.searchParams.delete('code_challenge')],
    [
      'with a challenge of the attacker',
      (url: URL) => url.searchParams.set('code_challenge', 'A'.repeat(43)),
    ],
  ])('refuses a code that was asked for %s', async (_, change) => {
    const attacker = as('attacker');
    const url = new URL((await attacker.begin()).location);
    change(url);
    if (!url.searchParams.has('code_challenge')) url.searchParams.delete('code_challenge_method');
    const callback = await attacker.passProvider(url.href);
    expect(parameterOf(callback, 'code')).not.toBe('');
    expectRefused(await attacker.visit(callback));
  });
});

describe('where a sign-in may lead', () => {
  it.each([
    'https://evil.example/',
    'https://shop.example.com@evil.example/',
    '//evil.example',
    'https://shop.example.com.evil.example/',
    'javascript:alert(1)',
    '/signed-in',
    'https://shop.example.com/#x',
    'https://shop.example.com/?code=x',
    'x',
    '',
  ])('is not %s', async (returnTo) => {
    const { status, body, location, headers } = await as('victim').begin(returnTo);
    expect([status, body['code'], location]).toEqual([422, 'validation_failed', '']);
    expect(body['errors']).toMatchObject([{ parameter: 'return_to' }]);
    expect(headers.get('set-cookie')).toBeNull();
  });

  it('is said once, by its name', async () => {
    for (const query of [
      'return_to=https://shop.example.com&return_to=https://shop.example.com',
      'redirect_uri=https://shop.example.com',
    ])
      expect((await as('victim').visit(`http://stockroom.test/v1/auth/oidc/login?${query}`)).status).toBe(
        422,
      );
  });
});

describe('who guesses', () => {
  it('is limited by address, at the callback and the exchange together', async () => {
    const limited = await startTestApp({ ...provider.environment, LOGIN_LIMIT_PER_MINUTE: '1' });
    await stopClockOfAttempts(limited);
    const statuses = [];
    for (let n = 0; n < 5; n += 1)
      statuses.push(
        (await new Browser(limited, 'x').visit('http://stockroom.test/v1/auth/oidc/callback')).status,
      );
    for (let n = 0; n < 6; n += 1)
      statuses.push((await limited.anonymous.post('/v1/auth/oidc/tokens', { code: 'x' })).status);
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429]);
    await limited.close();
  });
});
