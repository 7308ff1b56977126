import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { hashRecoveryCode } from '../../src/identity/two-step/recovery-codes.js';
import { TwoStepService } from '../../src/identity/two-step/two-step.service.js';
import { PASSWORD, startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { beginLogin, codeAt, confirmLogin, enrol, forgetUse, login, wrongCode } from '../support/totp.js';

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

const begin = ({ api }: SignedIn) => api.post(PATH, { current_password: PASSWORD });
const statusOf = async ({ api }: SignedIn) => (await api.get(PATH)).body;

async function eventsOf({ id }: SignedIn): Promise<string[]> {
  const rows = await app.dataSource.query<{ type: string; actor_id: string }[]>(
    `SELECT type FROM events WHERE resource_id = $1 AND actor_id = $1 AND (type LIKE 'user.two%' OR type LIKE 'user.rec%')
     ORDER BY position`,
    [id],
  );
  return rows.map(({ type }) => type);
}

describe('POST /v1/auth/two-step/recovery-codes', () => {
  const replace = ({ api }: SignedIn, code: unknown) => api.post(`${PATH}/recovery-codes`, { code });

  it('makes new ones, and the old ones worthless', async () => {
    const user = await enrol(await app.signIn('customer'));
    await forgetUse(app, user);
    const { status, headers, body } = await replace(user, codeAt(user.secret));
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    const codes = body.recovery_codes as string[];
    expect(new Set([...codes, ...user.recoveryCodes]).size).toBe(20);
    const mfaToken = await beginLogin(app, user);
    expect((await confirmLogin(app, mfaToken, user.recoveryCodes[0])).status).toBe(401);
    expect((await confirmLogin(app, mfaToken, codes[0])).status).toBe(200);
    expect(await statusOf(user)).toMatchObject({ recovery_codes_left: 9 });
    expect(await eventsOf(user)).toEqual([
      'user.two_step_enabled',
      'user.recovery_codes_replaced',
      'user.recovery_code_used',
    ]);
  });

  it('takes a code that was not used before', async () => {
    const user = await enrol(await app.signIn('customer'));
    for (const code of [codeAt(user.secret), wrongCode(user.secret), 'k3f9-x7m2-p8qw-z4tn', '']) {
      const { status, body } = await replace(user, code);
      expect([status, body.code]).toEqual([401, 'invalid_credentials']);
    }
    const [code] = user.recoveryCodes;
    expect((await replace(user, code)).status).toBe(200);
    expect((await replace(user, code)).status).toBe(401);
  });

  it('leaves ten, however many ask at once', async () => {
    const user = await enrol(await app.signIn('customer'));
    // Codes are used one after the other; what follows is not.
    const verify = vi.spyOn(app.app.get(TwoStepService), 'verify').mockResolvedValue(true);
    // Who deletes this one has to wait, until all are there.
    const runner = app.dataSource.createQueryRunner();
    await runner.startTransaction();
    const hash = hashRecoveryCode(user.id, String(user.recoveryCodes[9]));
    await runner.query('SELECT FROM recovery_codes WHERE code_hash = $1 FOR UPDATE', [hash]);
    const answers = Promise.all(Array.from({ length: 6 }, () => replace(user, '000000')));
    const waiting = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await expect.poll(() => app.dataSource.query<unknown[]>(waiting)).toHaveLength(6);
    await runner.commitTransaction();
    await runner.release();
    expect((await answers).map(({ status }) => status)).toEqual(Array(6).fill(200));
    verify.mockRestore();
    expect(await statusOf(user)).toMatchObject({ recovery_codes_left: 10 });
  });

  it('is not for who has it off', async () => {
    const user = await app.signIn('customer');
    await begin(user);
    expect((await replace(user, '000000')).body.code).toBe('conflict');
  });
});

describe('POST /v1/auth/two-step/disable', () => {
  const disable = ({ api }: SignedIn, code: unknown, current_password: unknown = PASSWORD) =>
    api.post(`${PATH}/disable`, { code, current_password });

  it('turns it off and forgets the secret and the codes', async () => {
    const user = await enrol(await app.signIn('customer'));
    await forgetUse(app, user);
    const { status, text } = await disable(user, codeAt(user.secret));
    expect([status, text]).toEqual([204, '']);
    expect(await statusOf(user)).toEqual(OFF);
    expect((await login(app, user)).status).toBe(200);
    expect(await eventsOf(user)).toEqual(['user.two_step_enabled', 'user.two_step_disabled']);
    const again = await enrol(user);
    expect(again.secret).not.toBe(user.secret);
    const mfaToken = await beginLogin(app, user);
    expect((await confirmLogin(app, mfaToken, user.recoveryCodes[0])).status).toBe(401);
  });

  it('works without the phone', async () => {
    const user = await enrol(await app.signIn('customer'));
    expect((await disable(user, user.recoveryCodes[9])).status).toBe(204);
    expect(await statusOf(user)).toEqual(OFF);
  });

  it('takes both the password and a code, and does not tell which one is wrong', async () => {
    const user = await enrol(await app.signIn('customer'));
    await forgetUse(app, user);
    const refusals = [
      await disable(user, codeAt(user.secret), 'not the passphrase'),
      await disable(user, wrongCode(user.secret)),
      await disable(user, wrongCode(user.secret), 'not the passphrase'),
    ];
    for (const { status, body } of refusals) {
      const { trace_id } = refusals[0]?.body ?? {};
      expect(status).toBe(401);
      expect({ ...body, trace_id }).toEqual(refusals[0]?.body);
    }
    expect(await statusOf(user)).toMatchObject({ enabled: true, recovery_codes_left: 10 });
    expect((await disable(user, undefined)).status).toBe(422);
    expect((await disable(user, codeAt(user.secret))).status).toBe(204);
  });

  it('takes nobody else’s code', async () => {
    const [user, other] = [
      await enrol(await app.signIn('customer')),
      await enrol(await app.signIn('customer')),
    ];
    await Promise.all([forgetUse(app, user), forgetUse(app, other)]);
    expect((await disable(user, codeAt(other.secret))).status).toBe(401);
    expect((await disable(user, other.recoveryCodes[0])).status).toBe(401);
  });

  it('is not for who has it off', async () => {
    expect((await disable(await app.signIn('customer'), '000000')).body.code).toBe('conflict');
  });
});

describe('DELETE /v1/users/{id}/two-step', () => {
  it('turns it off for somebody who has lost everything, and says who did it', async () => {
    const admin = await app.signIn('admin');
    const user = await enrol(await app.signIn('customer'));
    const path = `/v1/users/${user.id}/two-step`;
    expect((await user.api.delete(path)).status).toBe(403);
    expect((await admin.api.delete(path)).status).toBe(204);
    expect((await admin.api.delete(path)).status).toBe(404);
    expect(await statusOf(user)).toEqual(OFF);
    expect((await login(app, user)).status).toBe(200);
    const [event] = await app.dataSource.query<unknown[]>(
      `SELECT type, actor_id FROM events WHERE resource_id = $1 ORDER BY position DESC LIMIT 1`,
      [user.id],
    );
    expect(event).toEqual({ type: 'user.two_step_disabled', actor_id: admin.id });
  });
});
