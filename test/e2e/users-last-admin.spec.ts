import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Any, ApiResponse } from '../support/api-client.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
/** A second instance: locks that only hold inside of one process would not do. */
let other: TestApp;
let admin: SignedIn;

beforeAll(async () => {
  app = await startTestApp();
  other = await startTestApp({}, { databaseUrl: app.config.database.url });
});
afterAll(async () => {
  await other.close();
  await app.close();
});

beforeEach(async () => {
  await dismissAll();
  admin = await app.signIn('admin');
});

/** Whoever was an administrator is none any more. */
async function dismissAll(): Promise<void> {
  await app.dataSource.query(`UPDATE users SET role = 'customer'`);
}

async function countActiveAdmins(): Promise<number> {
  const rows = await app.dataSource.query<unknown[]>(
    `SELECT 1 FROM users WHERE role = 'admin' AND is_active AND deleted_at IS NULL`,
  );
  return rows.length;
}

describe('the last active administrator', () => {
  const removals: Record<string, () => Promise<ApiResponse<Any>>> = {
    'be demoted to manager': () => admin.api.patch(`/v1/users/${admin.id}`, { role: 'manager' }),
    'be demoted to customer': () => admin.api.patch(`/v1/users/${admin.id}`, { role: 'customer' }),
    'be deactivated': () => admin.api.patch(`/v1/users/${admin.id}`, { is_active: false }),
    'be deactivated while staying admin': () =>
      admin.api.patch(`/v1/users/${admin.id}`, { is_active: false, role: 'admin' }),
    'be deleted': () => admin.api.delete(`/v1/users/${admin.id}`),
    'delete the own account': () => admin.api.delete('/v1/users/me'),
  };

  it.each(Object.entries(removals))('cannot %s', async (_, remove) => {
    const { status, body } = await remove();
    expect([status, body.code]).toEqual([409, 'last_admin']);
    expect((await admin.api.get('/v1/users/me')).body).toMatchObject({ role: 'admin', is_active: true });
  });

  it.each(Object.entries(removals))(
    'is the last one also beside an inactive and a deleted one: cannot %s',
    async (_, remove) => {
      const [inactive, deleted] = [await app.signIn('admin'), await app.signIn('admin')];
      expect((await admin.api.patch(`/v1/users/${inactive.id}`, { is_active: false })).status).toBe(200);
      expect((await admin.api.delete(`/v1/users/${deleted.id}`)).status).toBe(204);
      expect((await remove()).status).toBe(409);
      expect(await countActiveAdmins()).toBe(1);
    },
  );

  it('may change what leaves the role alone, and go once there is another', async () => {
    const patch = { full_name: 'Root', role: 'admin', is_active: true };
    expect((await admin.api.patch(`/v1/users/${admin.id}`, patch)).status).toBe(200);
    await app.signIn('admin');
    expect((await admin.api.delete('/v1/users/me')).status).toBe(204);
    expect(await countActiveAdmins()).toBe(1);
  });

  it('does not keep others from being changed', async () => {
    const customer = await app.signIn('customer');
    expect((await admin.api.patch(`/v1/users/${customer.id}`, { role: 'manager' })).status).toBe(200);
    expect((await admin.api.patch(`/v1/users/${customer.id}`, { is_active: false })).status).toBe(200);
    expect((await admin.api.delete(`/v1/users/${customer.id}`)).status).toBe(204);
  });
});

describe('two administrators who remove each other at the same time', () => {
  const ROUNDS = 8;

  it('never leave the service without one, and nothing deadlocks', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      await dismissAll();
      const [a, b] = await Promise.all([app.signIn('admin'), app.signIn('admin')]);
      const there = (token: string) => other.anonymous.withToken(token);
      const answers = await Promise.all([
        a.api.delete(`/v1/users/${b.id}`),
        there(b.accessToken).delete(`/v1/users/${a.id}`),
        a.api.patch(`/v1/users/${b.id}`, { role: 'customer' }),
        there(b.accessToken).patch(`/v1/users/${a.id}`, { is_active: false }),
        there(a.accessToken).delete('/v1/users/me'),
        b.api.patch(`/v1/users/${b.id}`, { is_active: false }),
        a.api.patch(`/v1/users/${a.id}`, { full_name: 'Unrelated' }),
        there(b.accessToken).patch(`/v1/users/${b.id}`, { full_name: 'Unrelated' }),
      ]);
      expect(await countActiveAdmins()).toBe(1);
      for (const { status } of answers) expect([200, 204, 401, 404, 409]).toContain(status);
      expect(answers.map(({ status }) => status)).toContain(409);
    }
  });

  it('exactly one wins when each deletes the own account', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      await dismissAll();
      const [a, b] = await Promise.all([app.signIn('admin'), app.signIn('admin')]);
      const answers = await Promise.all([
        a.api.delete('/v1/users/me'),
        other.anonymous.withToken(b.accessToken).delete('/v1/users/me'),
      ]);
      expect(answers.map(({ status }) => status).sort()).toEqual([204, 409]);
    }
  });
});
