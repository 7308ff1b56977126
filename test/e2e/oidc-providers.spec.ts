import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { freePort } from '../support/built-service.js';
import { startLyingProvider, VICTIM } from '../support/lying-provider.js';
import type { Lie, LyingProvider } from '../support/lying-provider.js';
import { Browser, expectRefused } from '../support/oidc-browser.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { nowSeconds, toBase64 } from '../support/tokens.js';

const SHOP = 'https://shop.example.com/signed-in';

let liar: LyingProvider;
let believer: TestApp;
let log = '';

beforeAll(async () => {
  liar = await startLyingProvider();
  const logger = pino({ level: 'trace' }, { write: (line: string) => (log += line) });
  believer = await startTestApp(
    { ...liar.environment, CORS_ORIGINS: 'https://shop.example.com' },
    { logger },
  );
});
beforeEach(() => {
  liar.lie = {};
  liar.requests.length = 0;
});
afterAll(async () => {
  await believer.close();
  await liar.stop();
});

const signIn = (lie: Lie, returnTo?: string) => {
  liar.lie = lie;
  return new Browser(believer, 'x').signIn(returnTo);
};

describe('a provider that lies', () => {
  it('is believed while it does not', async () => {
    expect((await signIn({})).status).toBe(200);
  });

  const PROVEN = { email: 'by@example.com', email_verified: true };
  it.each<[string, Lie]>([
    ['the nonce of another sign-in', { claims: { nonce: 'another' } }],
    ['no nonce', { claims: { nonce: undefined } }],
    ['another issuer', { claims: { iss: 'https://evil.example' } }],
    ['the audience of another client', { claims: { aud: 'somebody-else' } }],
    [
      'many audiences, and the authorized party of another',
      { claims: { aud: ['stockroom', 'x'], azp: 'x' } },
    ],
    ['no subject', { claims: { sub: undefined } }],
    ['a subject that is no text', { claims: { sub: 4711 } }],
    ['a subject that is endless', { claims: { sub: 'x'.repeat(256), ...PROVEN } }],
    ['a subject with a NUL', { claims: { sub: 'a\u0000b', ...PROVEN } }],
    ['no subject in it', { claims: { sub: '', ...PROVEN } }],
    ['an end that has passed', { claims: { iat: nowSeconds() - 600, exp: nowSeconds() - 60 } }],
    ['no end', { claims: { exp: undefined } }],
    ['a beginning that is to come', { claims: { nbf: nowSeconds() + 86_400 } }],
    ['the signature of a stranger', { signedBy: 'a stranger' }],
    ['no signature', { signedBy: 'nobody' }],
    ['the client secret as a key', { signedBy: 'the client secret' }],
    ['a signature that was cut off', { idToken: (honest) => honest.slice(0, honest.lastIndexOf('.') + 1) }],
    ['changed claims', { idToken: (honest) => withClaims(honest, { email: 'admin@example.com' }) }],
    ['what is no token', { idToken: () => 'x' }],
    ['nothing', { idToken: () => undefined }],
  ])('is not believed with %s in the ID token', async (_, lie) => {
    expectRefused(await signIn(lie));
  });

  it('is not believed when it answers as somebody else', async () => {
    expectRefused(await signIn({ callback: { iss: 'https://evil.example' } }));
    expectRefused(await signIn({ callback: { iss: undefined } }));
  });

  it('is not believed when its userinfo is about somebody else', async () => {
    const claims = { sub: 'newcomer', email: undefined, email_verified: undefined };
    const [users] = await believer.dataSource.query<[{ count: number }]>('SELECT count(*)::int FROM users');
    expectRefused(await signIn({ claims, userinfo: { ...VICTIM, email: 'new@example.com' } }));
    expect(await believer.dataSource.query('SELECT count(*)::int FROM users')).toEqual([users]);
    const honest = { sub: 'newcomer', email: 'new@example.com', email_verified: true };
    expect((await signIn({ claims, userinfo: honest })).status).toBe(200);
  });

  it('cannot combine an address here with a verification there', async () => {
    const claims = { sub: 'combined', email: 'chief@example.com', email_verified: undefined };
    const userinfo = { sub: 'combined', email: 'own@example.com', email_verified: true };
    expect((await signIn({ claims, userinfo })).body['code']).toBe('email_not_verified');
  });

  it.each([
    ['access_denied', 401, 'invalid_credentials'],
    ['login_required', 401, 'invalid_credentials'],
    ['server_error', 503, 'unavailable'],
    ['temporarily_unavailable', 503, 'unavailable'],
    ['unauthorized_client', 503, 'unavailable'],
    ['<script>', 503, 'unavailable'],
  ])('is quoted by no word: %s', async (error, status, code) => {
    const callback = { error, error_description: '<b>Click https://evil.example</b>', code: undefined };
    const answer = await signIn({ callback });
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
    const told = /evil|<|%3C/;
    expect(JSON.stringify(answer.body)).not.toMatch(told);
    expect((await signIn({ callback }, SHOP)).location).not.toMatch(told);
  });

  it.each([
    [400, '{"error":"invalid_grant"}', 401],
    [401, '{"error":"invalid_client"}', 503],
    [400, '{"error":"unsupported_grant_type"}', 503],
    [500, 'Internal Server Error', 503],
    [200, '{"access_token":"hidden-in-the-answer', 401],
    [200, '{"access_token":"hidden-in-the-answer"}', 401],
    [302, '', 503],
  ])('is not the client’s fault when its token endpoint answers %d %s', async (status, body, expected) => {
    const answer = await signIn({ tokenAnswer: { status, body } });
    expect(answer.status).toBe(expected);
    if (expected === 503) expect(answer.headers.get('retry-after')).toBe('5');
    liar.lie = {};
    expect((await new Browser(believer, 'x').signIn()).status).toBe(200);
  });

  it('is asked about itself once, after a failure again, and in an hour', async () => {
    const discoveries = () => liar.requests.filter((request) => request.includes('.well-known')).length;
    await signIn({ tokenAnswer: { status: 500, body: '' } });
    liar.requests.length = 0;
    for (let n = 0; n < 3; n += 1) await signIn({});
    expect(discoveries()).toBe(1);
    const real = performance.now.bind(performance);
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => real() + 3_600_000);
    await signIn({});
    clock.mockRestore();
    expect(discoveries()).toBe(2);
  });

  it('gets no secret into the log, nor into an answer', async () => {
    const answers = [
      await signIn({ idToken: (honest) => `${honest}x` }),
      await signIn({ claims: { nonce: 'x' } }),
      await signIn({ tokenAnswer: { status: 400, body: '{"error":"invalid_grant"}' } }),
      await signIn({ tokenAnswer: { status: 500, body: '{"access_token":"hidden-in-the-answer"}' } }),
      await signIn({ tokenAnswer: { status: 200, body: 'hid7den' } }),
      await signIn({ callback: { state: 'x' } }, SHOP),
      await signIn({ callback: { error: 'server_error' } }, SHOP),
    ];
    const told = log + answers.map(({ body, location }) => JSON.stringify(body) + location).join('');
    expect(log).toContain('"path":"/v1/auth/oidc/callback"');
    expect(log).toContain('A sign-in at the identity provider was refused');
    expect(log).toContain('OAUTH_JWT_CLAIM_COMPARISON_FAILED');
    expect(log).toContain('A sign-in failed: unavailable');
    expect(liar.secrets.size).toBeGreaterThan(20);
    const secrets = [...liar.secrets, 'hidden-in-the-answer', 'hid7den'].filter(({ length }) => length > 5);
    expect(secrets.filter((secret) => told.includes(secret))).toEqual([]);
  });
});

describe('a provider that is away', () => {
  it('is no reason to fail for longer than it is', async () => {
    const port = await freePort();
    const away = await startTestApp({
      ...liar.environment,
      OIDC_ISSUER: `http://127.0.0.1:${port}`,
    });
    const { status, body, headers } = await new Browser(away, 'x').begin();
    expect([status, body['code'], headers.get('retry-after')]).toEqual([503, 'unavailable', '5']);
    expect(headers.get('set-cookie')).toBeNull();
    expect((await away.anonymous.get('/health/ready')).status).toBe(200);
    await away.close();
  });

  it('is waited for no longer than five seconds', async () => {
    const overdue = new AbortController();
    const timeout = vi
      .spyOn(AbortSignal, 'timeout')
      .mockImplementation((ms) => (ms === 5000 ? overdue.signal : new AbortController().signal));
    // It takes the request, and then the five seconds are over.
    const silent = createServer((socket) =>
      socket.once('data', () => overdue.abort(new DOMException('Five seconds are over', 'TimeoutError'))),
    ).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const patient = await startTestApp({
      ...liar.environment,
      OIDC_ISSUER: `http://127.0.0.1:${port}`,
    });
    try {
      expect((await new Browser(patient, 'x').begin()).status).toBe(503);
      expect(timeout).toHaveBeenCalledWith(5000);
      expect(overdue.signal.aborted).toBe(true);
    } finally {
      timeout.mockRestore();
      await patient.close();
      silent.close();
    }
  });

  it('is not another one that has taken its place', async () => {
    const wrong = await startTestApp({
      ...liar.environment,
      OIDC_ISSUER: liar.issuer.replace('127.0.0.1', 'localhost'),
    });
    expect((await new Browser(wrong, 'x').begin()).status).toBe(503);
    await wrong.close();
  });
});

/** The token with other claims, under the signature that it has. */
function withClaims(token: string, claims: Record<string, unknown>): string {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const before = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  return [header, toBase64({ ...before, ...claims }), signature].join('.');
}
