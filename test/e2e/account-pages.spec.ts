import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

describe.each(['/account/verify-email', '/account/reset-password'])('%s', (path) => {
  it('is a page for everybody, which allows nothing but this server, and no form to send itself', async () => {
    const { status, headers, text } = await app.anonymous.get(path);
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(headers.get('content-security-policy')).toBe(POLICY);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('public, no-cache');
    expect(text).toMatch(/^<!doctype html>\n<html lang="en">/);
  });

  it('holds no script, style or handler of its own, and links only to what there is', async () => {
    const { text } = await app.anonymous.get(path);
    expect(text).not.toMatch(/<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=|https?:/i);
    const links = [...text.matchAll(/ (?:href|src)="([^"]+)"/g)].map(([, link = '']) => link);
    expect(links).toEqual(['../docs/assets/icon.svg', 'account.css', 'account.js']);
    const types = await Promise.all(
      links.map(async (link) => {
        const { pathname } = new URL(link, app.url + path);
        const { status, headers } = await app.anonymous.get(pathname);
        return [status, headers.get('content-type')];
      }),
    );
    expect(types).toEqual([
      [200, 'image/svg+xml'],
      [200, 'text/css; charset=utf-8'],
      [200, 'text/javascript; charset=utf-8'],
    ]);
  });

  it('sends its form to an operation of the API', async () => {
    const { text } = await app.anonymous.get(path);
    const [, endpoint = ''] = / data-endpoint="([^"]+)"/.exec(text) ?? [];
    const { pathname } = new URL(endpoint, app.url + path);
    const { status, body } = await app.anonymous.post(pathname, {
      token: 'A'.repeat(64),
      ...(path.endsWith('password') && { password: 'a passphrase for nobody' }),
    });
    expect([status, body.errors]).toMatchObject([422, [{ pointer: '/token', code: 'invalid_token' }]]);
  });
});
