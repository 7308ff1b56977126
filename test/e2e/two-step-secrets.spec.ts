import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateKeySet } from '../../config/index.js';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { PASSWORD, startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { beginLogin, codeAt, confirmLogin, enrol, forgetUse, wrongCode } from '../support/totp.js';
import type { Enrolled } from '../support/totp.js';

const folder = mkdtempSync(join(tmpdir(), 'stockroom-seals-'));
let database: TestDatabase;
/** Everything that the service writes at the most talkative level, with nothing redacted. */
let log: string;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true });
});

const [first, second, third] = [newKey(), newKey(), newKey()];
type Key = ReturnType<typeof newKey>;

function newKey() {
  const [key] = generateKeySet().keys;
  if (!key) throw new Error('There is no key');
  return key;
}

/** The service with these keys, the first of which signs and seals, for the time of one use. */
async function withKeys<T>(
  keys: (Key & { retired?: boolean })[],
  use: (app: TestApp) => Promise<T>,
): Promise<T> {
  const file = join(folder, `${randomUUID()}.json`);
  writeFileSync(file, JSON.stringify({ keys }));
  log = '';
  const logger = pino({ level: 'trace' }, { write: (line: string) => (log += line) });
  const app = await startTestApp({ JWT_KEYS_FILE: file }, { databaseUrl: database.url, logger });
  try {
    return await use(app);
  } finally {
    await app.close();
  }
}

/** Signs in with the code of now, which may have been used. */
async function signIn(app: TestApp, user: Enrolled, code = codeAt(user.secret)) {
  await forgetUse(app, user);
  return confirmLogin(app, await beginLogin(app, user), code);
}

async function sealOf(app: TestApp, { id }: Enrolled): Promise<string> {
  const [row] = await app.dataSource.query<{ sealed_secret: string }[]>(
    'SELECT sealed_secret FROM two_step_secrets WHERE user_id = $1',
    [id],
  );
  return row?.sealed_secret ?? '';
}

const kidOf = (seal: string) => Buffer.from(seal.split('.')[1] ?? '', 'base64url').toString();

async function dumpOf({ dataSource }: TestApp): Promise<string> {
  const tables = await dataSource.query<{ name: string }[]>(
    `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  );
  const dumps = tables.map(({ name }) => dataSource.query<unknown[]>(`SELECT t::text FROM ${name} t`));
  return JSON.stringify(await Promise.all(dumps));
}

describe('what is secret', () => {
  it('is neither in the database nor in the log', async () => {
    await withKeys([first], async (app) => {
      const user = await enrol(await app.signIn('customer'));
      const [one, two] = user.recoveryCodes as [string, string];
      const mfaToken = await beginLogin(app, user);
      await confirmLogin(app, mfaToken, wrongCode(user.secret));
      const { body } = await confirmLogin(app, mfaToken, one);
      const api = app.anonymous.withToken(body.access_token);
      const replaced = await api.post('/v1/auth/two-step/recovery-codes', { code: two });
      await api.get(`/v1/auth/two-step?secret=${user.secret}`);
      const pending = await beginLogin(app, user);
      const other = await app.signIn('customer');
      const begun = await other.api.post('/v1/auth/two-step', { current_password: PASSWORD });
      await other.api.post('/v1/auth/two-step/confirm', { code: wrongCode(user.secret) });

      const dump = await dumpOf(app);
      expect(dump).toContain(await sealOf(app, user));
      expect(log).toContain('/v1/auth/two-step/recovery-codes');
      const codes = [...user.recoveryCodes, ...(replaced.body.recovery_codes as string[])];
      expect(codes).toHaveLength(20);
      const secrets = [
        user.secret,
        String(begun.body.secret),
        ...codes,
        ...codes.map((code) => code.replaceAll('-', '')),
        mfaToken,
        pending,
      ];
      // Also as bytea is written.
      for (const secret of secrets.flatMap((text) => [text, Buffer.from(text).toString('hex')])) {
        expect(dump.includes(secret), `the database holds ${secret}`).toBe(false);
        expect(log.includes(secret), `the log holds ${secret}`).toBe(false);
      }
    });
  });

  it('is worth nothing in another user’s row', async () => {
    await withKeys([first], async (app) => {
      const [user, other] = [
        await enrol(await app.signIn('customer')),
        await enrol(await app.signIn('customer')),
      ];
      await app.dataSource.query('UPDATE two_step_secrets SET sealed_secret = $2 WHERE user_id = $1', [
        user.id,
        await sealOf(app, other),
      ]);
      expect((await signIn(app, user, codeAt(other.secret))).status).toBe(503);
    });
  });
});

describe('a secret, when the keys rotate', () => {
  it('is sealed anew with the key of today by its next use', async () => {
    const user = await withKeys([first], async (app) => {
      const enrolled = await enrol(await app.signIn('customer'));
      const seal = await sealOf(app, enrolled);
      expect(kidOf(seal)).toBe(first.kid);
      expect((await signIn(app, enrolled)).status).toBe(200);
      expect(await sealOf(app, enrolled)).toBe(seal);
      return enrolled;
    });
    await withKeys([second, { ...first, retired: true }], async (app) => {
      expect((await signIn(app, user, wrongCode(user.secret))).status).toBe(401);
      expect(kidOf(await sealOf(app, user))).toBe(first.kid);
      expect((await signIn(app, user)).status).toBe(200);
      expect(kidOf(await sealOf(app, user))).toBe(second.kid);
    });
    await withKeys([second], async (app) => {
      expect((await signIn(app, user)).status).toBe(200);
    });
  });

  it('is lost with its key, which the log tells; recovery codes lead to a new one', async () => {
    const user = await withKeys([second], async (app) => enrol(await app.signIn('customer')));
    await withKeys([third], async (app) => {
      const { status, body, headers } = await signIn(app, user);
      expect([status, body.code]).toEqual([503, 'unavailable']);
      expect(body.detail).toMatch(/recovery code/);
      expect(headers.get('retry-after')).not.toBeNull();
      expect(log).toMatch(new RegExp(`"level":50,.*The two-step secret of user ${user.id} cannot be opened`));

      const [one, two] = user.recoveryCodes;
      const signedIn = await signIn(app, user, one);
      expect(signedIn.status).toBe(200);
      const api = app.anonymous.withToken(signedIn.body.access_token);
      const off = await api.post('/v1/auth/two-step/disable', { current_password: PASSWORD, code: two });
      expect(off.status).toBe(204);
      const again = await enrol({ ...user, api });
      expect((await signIn(app, again)).status).toBe(200);
    });
  });
});
