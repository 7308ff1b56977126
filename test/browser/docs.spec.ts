import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { PROBLEM_CODES } from '../../src/http/problems/problem-catalogue.js';
import { BuiltService, freePort } from '../support/built-service.js';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';

const ADMIN = { email: 'admin@example.com', password: 'a passphrase for the browser' };

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

describe.skipIf(!hasChromium)('the documentation in a browser', () => {
  let database: TestDatabase;
  let service: BuiltService;
  let browser: Browser;
  let page: Page;
  let complaints: string[];
  let origins: Set<string>;

  beforeAll(async () => {
    database = await createDatabase();
    service = await new BuiltService({
      PORT: String(await freePort()),
      DATABASE_URL: database.url,
      DATA_DIR: inject('dataDir'),
      ADMIN_EMAIL: ADMIN.email,
      ADMIN_PASSWORD: ADMIN.password,
    }).ready();
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });

  afterAll(async () => {
    await browser.close();
    await service.stop();
    await database.drop();
  });

  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    complaints = [];
    origins = new Set();
    // What violates the content security policy is reported as an error of the console.
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol.startsWith('http')) origins.add(origin);
    });
  });

  afterEach(async () => {
    await page.close();
    expect(complaints).toEqual([]);
    expect([...origins]).toEqual([service.url]);
  });

  it('shows every operation and the webhook in Swagger UI', async () => {
    const document = (await (await fetch(`${service.url}/openapi.json`)).json()) as OpenApi;
    await page.goto(`${service.url}/docs`);
    await page.waitForSelector('.opblock');
    const operations = [document.paths, document.webhooks].flatMap((paths) =>
      Object.values(paths).flatMap((path) => Object.keys(path)),
    );
    expect(await page.locator('.opblock').count()).toBe(operations.length);
  });

  it('signs in by trying out the login, and out by trying out the logout', async () => {
    await page.goto(`${service.url}/docs`);
    const refused = await tryOut(page, 'login', { email: ADMIN.email, password: 'not this one' });
    expect(refused.status).toBe('401');
    expect((await tryOut(page, 'listProducts')).status).toBe('401');

    const login = await tryOut(page, 'login', ADMIN);
    expect(login.status).toBe('200');
    expect((await tryOut(page, 'listProducts')).status).toBe('200');

    await page.reload();
    expect((await tryOut(page, 'listProducts')).status).toBe('200');

    const { refresh_token } = JSON.parse(login.body) as { refresh_token: string };
    expect((await tryOut(page, 'logout', { refresh_token })).status).toBe('204');
    expect((await tryOut(page, 'listProducts')).status).toBe('401');
    // A browser reports each of the refusals above.
    complaints = complaints.filter((text) => !text.includes('status of 401'));
  });

  it('offers an access token or an API key, and works with the key alone', async () => {
    const key = await newApiKey(service.url);
    await page.goto(`${service.url}/docs`);
    expect((await tryOut(page, 'listProducts')).status).toBe('401');

    await page.locator('.scheme-container .authorize').click();
    const dialog = page.locator('.modal-ux');
    const schemes = await dialog.locator('.auth-container h4').allInnerTexts();
    expect(schemes.map((text) => text.split(/\s/, 1)[0]).sort()).toEqual(['api_key', 'bearer']);
    const form = dialog.locator('.auth-container').filter({ hasText: 'X-API-Key' });
    await form.locator('input').fill(key);
    await form.locator('button[type=submit]').click();
    await form.locator('.btn-done').click();
    expect((await tryOut(page, 'listProducts')).status).toBe('200');

    await page.reload();
    expect((await tryOut(page, 'listProducts')).status).toBe('200');
    complaints = complaints.filter((text) => !text.includes('status of 401'));
  });

  it('works under another name than PUBLIC_URL', async () => {
    const elsewhere = service.url.replace('127.0.0.1', 'localhost');
    await page.goto(`${elsewhere}/docs`);
    expect((await tryOut(page, 'getLive')).status).toBe('200');
    expect([...origins]).toEqual([elsewhere]);
    origins = new Set([service.url]);
  });

  it('renders Redoc, with its search', async () => {
    await page.goto(`${service.url}/redoc`);
    await page.waitForSelector('h2:has-text("Create a product")');
    await page.getByPlaceholder('Search...').fill('precondition');
    await page.waitForSelector('[data-role="search:results"] li');
  });

  it('explains each code on the page of errors', async () => {
    await page.goto(`${service.url}/docs/errors#not_found`);
    for (const code of PROBLEM_CODES) {
      expect(await page.locator(`section#${code}`).count(), code).toBe(1);
    }
    expect(await page.locator('section:target h2').innerText()).toContain('Not found');
  });

  it('has an index for people', async () => {
    await page.goto(service.url);
    await page.getByRole('link', { name: '/docs', exact: true }).click();
    await page.waitForSelector('.opblock');
  });
});

interface OpenApi {
  paths: Record<string, object>;
  webhooks: Record<string, object>;
}

/** One that the administrator makes, past the page. */
async function newApiKey(url: string): Promise<string> {
  const post = async (path: string, body: object, headers: Record<string, string> = {}) => {
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    };
    return (await (await fetch(url + path, init)).json()) as Record<string, string>;
  };
  const { access_token } = await post('/v1/auth/login', ADMIN);
  const authorization = `Bearer ${String(access_token)}`;
  const { key } = await post('/v1/api-keys', { name: 'Page', scopes: ['products:read'] }, { authorization });
  return String(key);
}

/** Does what a person would: opens the operation, fills in the body, executes, and reads the answer. */
async function tryOut(
  page: Page,
  operationId: string,
  body?: object,
): Promise<{ status: string; body: string }> {
  const block = page.locator(`.opblock[id$="-${operationId}"]`);
  await block.waitFor();
  if (!(await block.getAttribute('class'))?.includes('is-open'))
    await block.locator('.opblock-summary').click();
  const start = block.getByRole('button', { name: 'Try it out' });
  const execute = block.locator('button.execute');
  await start.or(execute).first().waitFor();
  if (await start.isVisible()) await start.click();
  if (body) await block.locator('textarea').first().fill(JSON.stringify(body));
  const answered = page.waitForResponse((response) => new URL(response.url()).pathname !== '/openapi.json');
  await execute.click();
  const response = await answered;
  const live = block.locator('.live-responses-table .response-col_status').last();
  await live.waitFor();
  return { status: String(response.status()), body: response.status() === 204 ? '' : await response.text() };
}
