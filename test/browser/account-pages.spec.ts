import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ApiClient } from '../support/api-client.js';
import { BuiltService, freePort } from '../support/built-service.js';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { mailsIn } from '../support/mailbox.js';
import { until } from '../support/until.js';

const PASSWORD = 'a passphrase for the browser';
const NEW_PASSWORD = 'a longer passphrase than before';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const hasChromium = existsSync(CHROMIUM);
if (!hasChromium)
  console.warn(`The browser tests are skipped: there is no ${CHROMIUM} (apt-get install chromium).`);

describe.skipIf(!hasChromium)('the pages that mails lead to, in a browser', () => {
  let dataDir: string;
  let database: TestDatabase;
  let service: BuiltService;
  let api: ApiClient;
  let browser: Browser;
  let page: Page;
  let complaints: string[];
  /** What the page asked of the service, by method and path. */
  let requests: string[];

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'stockroom-account-pages-'));
    database = await createDatabase();
    service = await new BuiltService({
      PORT: String(await freePort()),
      DATABASE_URL: database.url,
      DATA_DIR: dataDir,
      RATE_LIMIT_PER_MINUTE: '0',
      LOGIN_LIMIT_PER_MINUTE: '0',
    }).ready();
    api = new ApiClient(service.url);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });

  afterAll(async () => {
    await browser.close();
    await service.stop();
    await database.drop();
    rmSync(dataDir, { recursive: true });
  });

  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    complaints = [];
    requests = [];
    // What violates the content security policy is reported as an error of the console; so is any refusal of the API.
    page.on('console', (message) => {
      const isRefusal = message.text().startsWith('Failed to load resource') && requests.length > 0;
      if (message.type() === 'error' && !isRefusal) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      const { origin, pathname } = new URL(request.url());
      if (origin !== service.url || request.url().includes('token')) complaints.push(request.url());
      if (request.method() !== 'GET') requests.push(`${request.method()} ${pathname}`);
    });
  });

  afterEach(async () => {
    await page.close();
    expect(complaints).toEqual([]);
  });

  async function register() {
    const email = `${randomUUID()}@example.com`;
    await api.post('/v1/auth/register', { email, password: PASSWORD, full_name: 'Ada Lovelace' });
    const { body } = await login(email, PASSWORD);
    return { email, own: api.withToken(String(body.access_token)) };
  }

  const login = (email: string, password: string) => api.post('/v1/auth/login', { email, password });

  /** The link of the newest mail of that subject to the address. */
  async function linkTo(email: string, subject: string): Promise<string> {
    let link: string | undefined;
    await until(async () => {
      const mails = await mailsIn(dataDir);
      const mail = mails.findLast(({ to, subject: its }) => its === subject && to?.[0]?.address === email);
      link = /http\S+#token=\S+/.exec(mail?.text ?? '')?.[0];
      return link !== undefined;
    });
    return String(link);
  }

  const verificationLink = (email: string) => linkTo(email, 'Verify your e-mail address');

  async function resetLink(email: string): Promise<string> {
    await api.post('/v1/auth/password-resets', { email });
    return linkTo(email, 'Choose a new password');
  }

  const isVerified = async (own: ApiClient) => (await own.get('/v1/users/me')).body.email_verified;
  const status = () => page.getByRole('status');
  const press = (name: string) => page.getByRole('button', { name }).click();
  const focused = () => page.evaluate(() => (globalThis as unknown as Dom).document.activeElement?.id);

  async function expectStatus(text: RegExp | string): Promise<void> {
    await status().filter({ hasText: text }).waitFor();
  }

  async function fillIn(password: string, repetition = password): Promise<void> {
    await page.getByLabel('New password').fill(password);
    await page.getByLabel('The same password again').fill(repetition);
    await press('Change my password');
  }

  it('verifies an address when its owner says so, not when the link is opened', async () => {
    const { email, own } = await register();
    await page.goto(await verificationLink(email));
    await page.getByRole('button', { name: 'Verify my address' }).waitFor();
    await page.waitForLoadState('networkidle');
    expect([await isVerified(own), requests]).toEqual([false, []]);
    await press('Verify my address');
    await expectStatus('Your e-mail address is verified.');
    expect([await isVerified(own), requests]).toEqual([true, ['POST /v1/auth/email-verifications/confirm']]);
    expect([await page.getByRole('button').count(), await focused()]).toEqual([0, 'status']);
  });

  it('takes the token out of the address bar', async () => {
    const { email } = await register();
    await page.goto(await verificationLink(email));
    await page.getByRole('button').waitFor();
    expect(page.url()).toBe(`${service.url}/account/verify-email`);
    await page.reload();
    await expectStatus('Please open this page by the link in your mail.');
    expect(await page.getByRole('button').count()).toBe(0);
  });

  it('says so when a link does not work any more, and takes another one in the same tab', async () => {
    const { email, own } = await register();
    const link = await verificationLink(email);
    await page.goto(link.replace(/.{20}$/, 'A'.repeat(20)));
    await press('Verify my address');
    await expectStatus('This link does not work any more');
    expect(await focused()).toBe('status');
    await page.goto(link);
    await press('Verify my address');
    await expectStatus('Your e-mail address is verified.');
    expect(await isVerified(own)).toBe(true);
  });

  it('changes a password, by keyboard alone', async () => {
    const { email } = await register();
    await page.goto(await resetLink(email));
    await page.getByLabel('New password').waitFor();
    for (const key of ['Tab', NEW_PASSWORD, 'Tab', NEW_PASSWORD, 'Tab', 'Enter']) {
      if (key.includes(' ')) await page.keyboard.insertText(key);
      else await page.keyboard.press(key);
    }
    await expectStatus('You can sign in now.');
    expect(await focused()).toBe('status');
    expect((await login(email, PASSWORD)).status).toBe(401);
    expect((await login(email, NEW_PASSWORD)).status).toBe(200);
    expect(requests).toEqual(['POST /v1/auth/password-resets/confirm']);
  });

  it('says in words what is wrong with a password, beside it, and lets it be corrected', async () => {
    const { email } = await register();
    await page.goto(await resetLink(email));
    const [password, repetition] = [
      page.getByLabel('New password'),
      page.getByLabel('The same password again'),
    ];
    for (const field of [password, repetition]) {
      expect(await field.getAttribute('autocomplete')).toBe('new-password');
      expect(await field.getAttribute('minlength')).toBe('12');
    }
    await password.pressSequentially('too short');
    await press('Change my password');
    expect(await password.evaluate((input) => (input as unknown as Input).validity.tooShort)).toBe(true);

    await fillIn(NEW_PASSWORD, PASSWORD);
    await page.getByText('The two passwords differ.').waitFor();
    expect([await repetition.getAttribute('aria-invalid'), await focused()]).toEqual(['true', 'repetition']);
    expect(requests).toEqual([]);

    await fillIn('qwertyuiop123');
    await page.getByText('Too many people use this password.').waitFor();
    expect([await password.getAttribute('aria-invalid'), await focused()]).toEqual(['true', 'password']);
    expect(await repetition.getAttribute('aria-invalid')).toBeNull();
    expect(await page.getByText('The two passwords differ.').count()).toBe(0);

    await fillIn('🦊'.repeat(6));
    await page.getByText('Please use 12 to 128 characters.').waitFor();

    await fillIn(NEW_PASSWORD);
    await expectStatus('You can sign in now.');
    expect((await login(email, NEW_PASSWORD)).status).toBe(200);
  });

  it('can try again when the service is busy, counts its tries, or cannot be reached', async () => {
    const { email } = await register();
    await page.goto(await resetLink(email));
    const endpoint = '**/v1/auth/password-resets/confirm';
    for (const [answer, text] of [
      [{ status: 429, headers: { 'retry-after': '45' } }, 'Please try again in 45 seconds.'],
      [{ status: 429, headers: { 'retry-after': '900' } }, 'Please try again in 15 minutes.'],
      [{ status: 503, body: '{}' }, 'Please try again in a moment.'],
      [undefined, 'Please try again in a moment.'],
    ] as const) {
      await page.route(endpoint, (route) => (answer ? route.fulfill(answer) : route.abort()));
      await fillIn(NEW_PASSWORD);
      await expectStatus(text);
      await page.unroute(endpoint);
    }
    await press('Change my password');
    await expectStatus('You can sign in now.');
  });

  it('asks for no password without JavaScript', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const plain = await context.newPage();
    await plain.goto(`${service.url}/account/reset-password#token=${'A'.repeat(64)}`);
    await plain.getByText('This page needs JavaScript.').waitFor();
    expect(await plain.getByRole('textbox').or(plain.getByRole('button')).count()).toBe(0);
    await context.close();
  });
});

/** What the browser has that these tests' own environment has not. */
interface Dom {
  document: { activeElement: { id: string } | null };
}
interface Input {
  validity: { tooShort: boolean };
}
