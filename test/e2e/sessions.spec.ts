import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Any } from '../support/api-client.js';
import { PASSWORD, startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { sessionIdOf } from '../support/tokens.js';

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let app: TestApp;
let admin: SignedIn;

beforeAll(async () => {
  app = await startTestApp();
  admin = await app.signIn('admin');
});
afterAll(() => app.close());

/** Another login of the same user. */
async function loginAgain(email: string, headers: Record<string, string> = {}) {
  const { body } = await app.anonymous.post('/v1/auth/login', { email, password: PASSWORD }, headers);
  const accessToken = String(body.access_token);
  return { accessToken, refreshToken: String(body.refresh_token), id: sessionIdOf(accessToken) };
}

const refresh = (token: string) => app.anonymous.post('/v1/auth/refresh', { refresh_token: token });

describe('GET /v1/auth/sessions', () => {
  it('lists where the caller is signed in, newest first, the one that asks marked, and nothing secret', async () => {
    const { api, email, accessToken } = await app.signIn('customer');
    const phone = await loginAgain(email, { 'user-agent': 'Phone/7' });
    const { status, body, headers } = await api.get('/v1/auth/sessions');
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toMatchObject({ next_cursor: null, has_more: false });
    expect(body.data.map(({ id, current }) => [id, current])).toEqual([
      [phone.id, false],
      [sessionIdOf(accessToken), true],
    ]);
    expect(body.data[0]).toEqual({
      id: phone.id,
      ip: '127.0.0.1',
      user_agent: 'Phone/7',
      created_at: expect.stringMatching(RFC3339) as string,
      last_used_at: expect.stringMatching(RFC3339) as string,
      current: false,
    });
  });

  it('shows a refresh as the last use', async () => {
    const { api, refreshToken } = await app.signIn('customer');
    await refresh(refreshToken);
    const { data } = (await api.get('/v1/auth/sessions')).body;
    expect(String(data[0]?.last_used_at) > String(data[0]?.created_at)).toBe(true);
  });

  it('leaves out what has ended, has expired, or began before the account was deactivated', async () => {
    const { api, id, email, accessToken } = await app.signIn('customer');
    const [ended, expired] = [await loginAgain(email), await loginAgain(email)];
    await app.anonymous.post('/v1/auth/logout', { refresh_token: ended.refreshToken });
    await app.dataSource.query('UPDATE sessions SET expires_at = now() WHERE id = $1', [expired.id]);
    const { data } = (await api.get('/v1/auth/sessions')).body;
    expect(data.map((session) => session.id)).toEqual([sessionIdOf(accessToken)]);

    await admin.api.patch(`/v1/users/${id}`, { is_active: false });
    await admin.api.patch(`/v1/users/${id}`, { is_active: true });
    const later = await loginAgain(email);
    const now = (await app.anonymous.withToken(later.accessToken).get('/v1/auth/sessions')).body;
    expect(now.data.map((session) => session.id)).toEqual([later.id]);
  });

  it('comes in pages, whose cursor is of no use to somebody else', async () => {
    const { api, email } = await app.signIn('customer');
    const ids = [await loginAgain(email), await loginAgain(email)].map((session) => session.id);
    const first = await api.get('/v1/auth/sessions?limit=2');
    expect(first.body.data.map(({ id }) => id)).toEqual(ids.toReversed());
    const next = `/v1/auth/sessions?limit=2&cursor=${String(first.body.next_cursor)}`;
    expect((await api.get(next)).body).toMatchObject({ data: [{ current: true }], has_more: false });
    const other = await app.signIn('customer');
    expect((await other.api.get(next)).body.code).toBe('invalid_cursor');
    expect((await api.get('/v1/auth/sessions?limit=101')).status).toBe(422);
    expect((await api.get('/v1/auth/sessions?user_id=1')).status).toBe(422);
  });
});

describe('DELETE /v1/auth/sessions/{id}', () => {
  it('ends that session: its tokens are refused at once, the others live on', async () => {
    const { api, email } = await app.signIn('customer');
    const stolen = await loginAgain(email);
    expect((await api.delete(`/v1/auth/sessions/${stolen.id}`)).status).toBe(204);
    expect((await app.anonymous.withToken(stolen.accessToken).get('/v1/users/me')).status).toBe(401);
    expect((await refresh(stolen.refreshToken)).status).toBe(401);
    expect((await api.get('/v1/users/me')).status).toBe(200);
    expect((await api.delete(`/v1/auth/sessions/${stolen.id}`)).status).toBe(404);
  });

  it('ends also the one that asks', async () => {
    const { api, accessToken } = await app.signIn('customer');
    expect((await api.delete(`/v1/auth/sessions/${sessionIdOf(accessToken)}`)).status).toBe(204);
    expect((await api.get('/v1/auth/sessions')).status).toBe(401);
  });

  it('does not know the session of another user, not even for an administrator', async () => {
    const [mallory, victim] = [await app.signIn('customer'), await app.signIn('customer')];
    for (const { api } of [mallory, admin]) {
      const { status, body } = await api.delete(`/v1/auth/sessions/${sessionIdOf(victim.accessToken)}`);
      expect([status, body.code]).toEqual([404, 'not_found']);
    }
    expect((await victim.api.get('/v1/users/me')).status).toBe(200);
    expect((await mallory.api.delete('/v1/auth/sessions/no-uuid')).status).toBe(404);
  });

  it('is decided once by the database: of 20 at the same time one is told that it did it', async () => {
    const { api, email } = await app.signIn('customer');
    const { id } = await loginAgain(email);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => api.delete(`/v1/auth/sessions/${id}`)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([204, ...Array<number>(19).fill(404)]);
  });
});

describe('the sessions of a user, for administrators', () => {
  it('can be listed, without a mark, and ended one by one', async () => {
    const { id, api, accessToken } = await app.signIn('customer');
    const sessionId = sessionIdOf(accessToken);
    const { body } = await admin.api.get(`/v1/users/${id}/sessions`);
    expect(body.data).toHaveLength(1);
    expect(body.data[0]).toMatchObject({ id: sessionId, ip: '127.0.0.1' });
    expect(body.data[0]).not.toHaveProperty('current');
    expect((await admin.api.delete(`/v1/users/${id}/sessions/${sessionId}`)).status).toBe(204);
    expect((await api.get('/v1/users/me')).status).toBe(401);
    expect((await admin.api.delete(`/v1/users/${id}/sessions/${sessionId}`)).status).toBe(404);
  });

  it('can be ended all at once', async () => {
    const { id, email, accessToken, refreshToken } = await app.signIn('customer');
    const other = await loginAgain(email);
    expect((await admin.api.delete(`/v1/users/${id}/sessions`)).status).toBe(204);
    for (const token of [accessToken, other.accessToken])
      expect((await app.anonymous.withToken(token).get('/v1/users/me')).status).toBe(401);
    for (const token of [refreshToken, other.refreshToken]) expect((await refresh(token)).status).toBe(401);
    expect((await app.anonymous.post('/v1/auth/login', { email, password: PASSWORD })).status).toBe(200);
  });

  it('are not found for nobody, nor under another user', async () => {
    const { id, accessToken } = await app.signIn('customer');
    const nobody = '0198c0de-7a11-7b3c-9d4e-5f60718293a4';
    for (const call of [
      admin.api.get(`/v1/users/${nobody}/sessions`),
      admin.api.delete(`/v1/users/${nobody}/sessions`),
      admin.api.delete(`/v1/users/${admin.id}/sessions/${sessionIdOf(accessToken)}`),
      admin.api.delete(`/v1/users/${id}/sessions/${nobody}`),
    ])
      expect((await call).status).toBe(404);
  });
});

describe('the event log', () => {
  const eventsOf = (actorId: string) =>
    app.dataSource.query<Record<string, unknown>[]>(
      `SELECT type, actor_type, resource_type, resource_id, details, trace_id FROM events
       WHERE actor_id = $1 ORDER BY position`,
      [actorId],
    );

  it('records sign-ins, refused ones, replays and ends, with the trace of the request', async () => {
    const { id, email, accessToken, refreshToken } = await app.signIn('customer');
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    await app.anonymous.post('/v1/auth/login', { email, password: 'not the password' }, { traceparent });
    await refresh(refreshToken);
    await refresh(refreshToken);
    const events = await eventsOf(id);
    expect(events.map(({ type }) => type)).toEqual([
      'session.started',
      'session.refused',
      'session.replayed',
    ]);
    const resource = { resource_type: 'session', resource_id: sessionIdOf(accessToken) };
    expect(events[0]).toMatchObject({ ...resource, actor_type: 'user', details: { ip: '127.0.0.1' } });
    expect(events[1]).toMatchObject({ trace_id: traceId, details: { ip: '127.0.0.1' } });
    expect(events[2]).toMatchObject(resource);
  });

  it('records who changed a role, and from what to what', async () => {
    const { id } = await app.signIn('customer');
    await admin.api.patch(`/v1/users/${id}`, { role: 'manager', full_name: 'Test customer' });
    const [event] = await app.dataSource.query<Any[]>(
      `SELECT type, actor_id, changes FROM events WHERE resource_id = $1 AND type = 'user.updated'`,
      [id],
    );
    expect(event).toEqual({
      type: 'user.updated',
      actor_id: admin.id,
      changes: { role: ['customer', 'manager'] },
    });
  });

  it.each([`UPDATE events SET type = 'x'`, 'DELETE FROM events', 'TRUNCATE events'])(
    'refuses %s',
    async (statement) => {
      await expect(app.dataSource.query(statement)).rejects.toThrow('neither changed nor deleted');
    },
  );
});
