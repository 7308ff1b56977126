import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { renderSVG } from 'uqr';
import { PASSWORD, startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import {
  beginLogin,
  codeAt,
  confirmLogin,
  enrol,
  forgetUse,
  login,
  stepNow,
  wrongCode,
} from '../support/totp.js';

const PATH = '/v1/auth/two-step';
const OFF = { enabled: false, enabled_at: null, recovery_codes_left: 0 };

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());
// The clock stands, so that no step of the codes ends in the middle of a test.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

const begin = ({ api }: SignedIn, current_password: unknown = PASSWORD) =>
  api.post(PATH, { current_password });
const confirm = ({ api }: SignedIn, code: unknown) => api.post(`${PATH}/confirm`, { code });
const statusOf = async ({ api }: SignedIn) => (await api.get(PATH)).body;

async function beginFor(user: SignedIn): Promise<string> {
  return String((await begin(user)).body.secret);
}

async function eventsOf({ id }: SignedIn): Promise<string[]> {
  const rows = await app.dataSource.query<{ type: string; actor_id: string }[]>(
    `SELECT type FROM events WHERE resource_id = $1 AND actor_id = $1 AND (type LIKE 'user.two%' OR type LIKE 'user.rec%')
     ORDER BY position`,
    [id],
  );
  return rows.map(({ type }) => type);
}

describe('POST /v1/auth/two-step', () => {
  it('answers a secret for the app, as text, as URI and as image, never to be stored', async () => {
    const user = await app.signIn('customer');
    const { status, headers, body } = await begin(user);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(Object.keys(body)).toEqual(['secret', 'otpauth_uri', 'qr_code_svg']);
    expect(body.secret).toMatch(/^[A-Z2-7]{32}$/);
    const account = encodeURIComponent(user.email);
    expect(body.otpauth_uri).toBe(
      `otpauth://totp/Stockroom:${account}?issuer=Stockroom&secret=${String(body.secret)}&algorithm=SHA1&digits=6&period=30`,
    );
  });

  it('draws the URI of its answer, with the white edge that readers need, and nothing but squares', async () => {
    const { body } = await begin(await app.signIn('customer'));
    const svg = String(body.qr_code_svg);
    expect(svg).toBe(renderSVG(String(body.otpauth_uri), { ecc: 'M', border: 4, pixelSize: 1 }));
    const [, size = '', path = ''] =
      /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 (\d+) \1"><rect fill="white" width="\1" height="\1"\/><path fill="black" d="([^"<>&]+)"\/><\/svg>$/.exec(
        svg,
      ) ?? [];
    const squares = [...path.matchAll(/M(\d+),(\d+)h1v1h-1z/g)];
    expect(squares.map(([square]) => square).join('')).toBe(path);
    const places = squares.flatMap(([, x, y]) => [Number(x), Number(y)]);
    expect([Math.min(...places), Math.max(...places)]).toEqual([4, Number(size) - 5]);
  });

  it('changes nothing about signing in', async () => {
    const user = await app.signIn('customer');
    await begin(user);
    expect(await statusOf(user)).toEqual(OFF);
    expect((await login(app, user)).status).toBe(200);
    expect(await eventsOf(user)).toEqual([]);
  });

  it('is not for who has a stolen token, but not the password', async () => {
    const user = await app.signIn('customer');
    const { status, body } = await begin(user, 'not the passphrase');
    expect([status, body.code, body.detail]).toEqual([
      401,
      'invalid_credentials',
      'current_password is wrong.',
    ]);
    expect((await confirm(user, '000000')).status).toBe(409);
    expect((await begin(user, 1)).status).toBe(422);
    expect((await begin(user, null)).status).toBe(422);
  });

  it('takes the place of what was begun before', async () => {
    const user = await app.signIn('customer');
    const [old, secret] = [await beginFor(user), await beginFor(user)];
    expect((await confirm(user, codeAt(old))).status).toBe(422);
    expect((await confirm(user, codeAt(secret))).status).toBe(200);
  });

  it('leaves the app that is in use alone', async () => {
    const user = await enrol(await app.signIn('customer'));
    const { status, body } = await begin(user);
    expect([status, body.code]).toEqual([409, 'conflict']);
    await forgetUse(app, user);
    const mfaToken = await beginLogin(app, user);
    expect((await confirmLogin(app, mfaToken, codeAt(user.secret))).status).toBe(200);
  });

  it('asks an account without a password to set one first', async () => {
    const user = await app.signIn('customer');
    await app.dataSource.query('UPDATE users SET password_hash = NULL WHERE id = $1', [user.id]);
    for (const password of [PASSWORD, '']) {
      const { status, body } = await begin(user, password);
      expect([status, body.code]).toEqual([409, 'conflict']);
      expect(body.detail).toMatch(/password reset/);
    }
  });
});

describe('POST /v1/auth/two-step/confirm', () => {
  it('turns it on and shows ten recovery codes, this once', async () => {
    const user = await app.signIn('customer');
    const secret = await beginFor(user);
    const { status, headers, body } = await confirm(user, codeAt(secret).replace(/(...)/, '$1 '));
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    const codes = body.recovery_codes as string[];
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) expect(code).toMatch(/^[0-9a-z]{4}(-[0-9a-z]{4}){3}$/);
    expect(await statusOf(user)).toEqual({
      enabled: true,
      enabled_at: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/) as string,
      recovery_codes_left: 10,
    });
    expect(await eventsOf(user)).toEqual(['user.two_step_enabled']);
  });

  it('keeps the running sessions, and asks the next one for a code', async () => {
    const user = await app.signIn('customer');
    const other = await login(app, user);
    const { body } = await app.anonymous.post('/v1/auth/login', { email: user.email, password: PASSWORD });
    expect(other.status).toBe(200);
    await enrol(user);
    expect((await app.anonymous.post('/v1/auth/refresh', { refresh_token: body.refresh_token })).status).toBe(
      200,
    );
    expect((await user.api.get('/v1/products')).status).toBe(200);
    expect((await login(app, user)).body.code).toBe('mfa_required');
  });

  it('uses the code up', async () => {
    const user = await enrol(await app.signIn('customer'));
    const mfaToken = await beginLogin(app, user);
    for (const offset of [0, -1]) {
      const { status } = await confirmLogin(app, mfaToken, codeAt(user.secret, stepNow() + offset));
      expect(status).toBe(401);
    }
  });

  it('names a wrong code, and can be tried again', async () => {
    const user = await app.signIn('customer');
    const secret = await beginFor(user);
    for (const code of [
      wrongCode(secret),
      codeAt(secret, stepNow() - 4),
      '12345',
      '',
      'k3f9-x7m2-p8qw-z4tn',
    ]) {
      const { status, body } = await confirm(user, code);
      expect([status, body.code]).toEqual([422, 'validation_failed']);
      expect(body.errors).toEqual([expect.objectContaining({ pointer: '/code', code: 'wrong_code' })]);
    }
    expect(await statusOf(user)).toEqual(OFF);
    expect((await confirm(user, codeAt(secret))).status).toBe(200);
  });

  it('is for what was begun, within the hour, and once', async () => {
    const user = await app.signIn('customer');
    expect((await confirm(user, '000000')).body.code).toBe('conflict');
    const secret = await beginFor(user);
    const age = (minutes: number) =>
      app.dataSource.query<unknown>(
        `UPDATE two_step_secrets SET created_at = now() - $2 * interval '1 minute' WHERE user_id = $1`,
        [user.id, minutes],
      );
    await age(61);
    expect((await confirm(user, codeAt(secret))).status).toBe(409);
    await age(59);
    expect((await confirm(user, codeAt(secret))).status).toBe(200);
    expect((await confirm(user, codeAt(secret, stepNow() + 1))).status).toBe(409);
  });

  it('of simultaneous confirmations lets one show its recovery codes', async () => {
    const user = await app.signIn('customer');
    const secret = await beginFor(user);
    const answers = await Promise.all(Array.from({ length: 8 }, () => confirm(user, codeAt(secret))));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(7).fill(409)]);
    expect(await statusOf(user)).toMatchObject({ recovery_codes_left: 10 });
  });
});
