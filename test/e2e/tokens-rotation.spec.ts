import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JSONWebKeySet } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { generate, next, promote, retire } from '../../config/key-commands.js';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { decodeToken } from '../support/tokens.js';

const STEPS = { generate, next, promote, retire };

const folder = mkdtempSync(join(tmpdir(), 'stockroom-rotation-'));
let database: TestDatabase;

/** One instance for each step, with the key file as it was after that; all of them run at the same time. */
const apps: TestApp[] = [];
let oldKid: string;
let newKid: string;
/** What was there before the rotation. */
let early: SignedIn;
let cursor: string;
let sealed: string;

beforeAll(async () => {
  database = await createDatabase();
  const file = join(folder, 'keys.json');
  for (const [step, take] of Object.entries(STEPS)) {
    take(file);
    const copy = join(folder, `after-${step}.json`);
    copyFileSync(file, copy);
    apps.push(await startTestApp({ JWT_KEYS_FILE: copy }, { databaseUrl: database.url }));
  }
  const [before, between] = apps as [TestApp, TestApp];
  [oldKid, newKid] = between.config.tokens.keys.map(({ kid }) => kid) as [string, string];
  early = await before.signIn('customer');
  const admin = await before.signIn('admin');
  cursor = String((await admin.api.get('/v1/users?limit=1')).body.next_cursor);
  sealed = before.config.sealer.seal('a secret', 'totp:1');
});
afterAll(async () => {
  for (const app of apps) await app.close();
  await database.drop();
  rmSync(folder, { recursive: true });
});

function callMe(app: TestApp, token: unknown) {
  return app.anonymous.withToken(String(token)).get('/v1/users/me');
}

describe('a rotation, while instances run with the old file and with the new one', () => {
  it.each([0, 1, 2])(
    'at step %i the tokens of the old file and of the new one are accepted with both',
    async (at) => {
      const pair = apps.slice(at, at + 2);
      const users = await Promise.all(pair.map((app) => app.signIn('customer')));
      for (const { accessToken, id } of users) {
        const answers = await Promise.all(pair.map((app) => callMe(app, accessToken)));
        expect(answers.map(({ status, body }) => [status, body.id])).toEqual([
          [200, id],
          [200, id],
        ]);
      }
    },
  );

  it('a session that began before goes on, there and back at each step', async () => {
    let { refreshToken } = early;
    for (const app of [0, 1, 0, 1, 2, 1, 2, 3, 2, 3].flatMap((at) => apps[at] ?? [])) {
      const { status, body } = await app.anonymous.post('/v1/auth/refresh', { refresh_token: refreshToken });
      expect(status).toBe(200);
      expect((await callMe(app, String(body.access_token))).status).toBe(200);
      refreshToken = String(body.refresh_token);
    }
  });

  it('signs with the new key once it is promoted', async () => {
    const users = await Promise.all(apps.map((app) => app.signIn('customer')));
    const signedBy = users.map(({ accessToken }) => decodeToken(accessToken).header.kid);
    expect(signedBy).toEqual([oldKid, oldKid, newKid, newKid]);
  });

  it('publishes what verifies: the next key before it signs, a retired one no more', async () => {
    const sets = await Promise.all(apps.map((app) => app.anonymous.get('/.well-known/jwks.json')));
    const published = sets.map(({ body }) => (body as unknown as JSONWebKeySet).keys.map(({ kid }) => kid));
    expect(published).toEqual([[oldKid], [oldKid, newKid], [newKid, oldKid], [newKid]]);
    for (const { text } of sets) expect(text).not.toMatch(/"(d|next|retired)":/);
  });

  it('accepts an access token from before until its key is retired', async () => {
    const answers = await Promise.all(apps.map((app) => callMe(app, early.accessToken)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 401]);
  });

  it('goes on with cursors and sealed secrets from before, also with those of a retired key', async () => {
    for (const app of apps) {
      const { accessToken } = await app.signIn('admin');
      const page = await app.anonymous.withToken(accessToken).get(`/v1/users?limit=1&cursor=${cursor}`);
      expect(page.status).toBe(200);
      expect(app.config.sealer.open(sealed, 'totp:1')).toBe('a secret');
    }
    expect(apps.map(({ config }) => config.sealer.isCurrent(sealed))).toEqual([true, true, false, false]);
  });
});

describe('a refresh that is repeated because its answer was lost', () => {
  it('gets the same answer from an instance that signs with another key already, and the session lives on', async () => {
    const grace = { REFRESH_GRACE_SECONDS: '10' };
    const start = (step: string) =>
      startTestApp(
        { ...grace, JWT_KEYS_FILE: join(folder, `after-${step}.json`) },
        { databaseUrl: database.url },
      );
    const [old, young] = [await start('next'), await start('promote')];
    // The clock stands, so that the grace does not end by itself.
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const { refreshToken } = await old.signIn('customer');
      const refresh = async (app: TestApp, token: unknown) =>
        (await app.anonymous.post('/v1/auth/refresh', { refresh_token: token })).body.refresh_token;
      const next = await refresh(old, refreshToken);
      expect(next).toEqual(expect.any(String));
      expect(await refresh(young, refreshToken)).toBe(next);
      expect(await refresh(young, next)).toEqual(expect.any(String));
    } finally {
      vi.useRealTimers();
      await old.close();
      await young.close();
    }
  });
});
