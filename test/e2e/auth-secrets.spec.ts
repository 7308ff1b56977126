import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Any, ApiResponse } from '../support/api-client.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { sessionIdOf } from '../support/tokens.js';

const EMAIL = 'keeps.a.secret@example.com';
const PASSWORD = 'first-Geheimnis-4711';
const NEW_PASSWORD = 'second-Geheimnis-0815';

let app: TestApp;
/** Everything that the service writes at the most talkative level, with nothing redacted. */
let log = '';

beforeAll(async () => {
  const destination = { write: (line: string) => (log += line) };
  app = await startTestApp({}, { logger: pino({ level: 'trace' }, destination) });
});
afterAll(() => app.close());

it('neither an answer nor the log tells a password or a token, and no answer a hash', async () => {
  const answers: string[] = [];
  const tokens: string[] = [];
  const keep = async (sent: Promise<ApiResponse<Any>>, givesTokens = false) => {
    const { text, body, headers } = await sent;
    if (givesTokens) tokens.push(String(body.access_token), String(body.refresh_token));
    else answers.push(text + JSON.stringify([...headers]));
    return body;
  };
  const { anonymous } = app;
  const credentials = { email: EMAIL, password: PASSWORD };
  const register = { ...credentials, full_name: 'Ada Lovelace' };

  await keep(anonymous.post('/v1/auth/register', register));
  await keep(anonymous.post('/v1/auth/register', register));
  await keep(anonymous.post('/v1/auth/register', { ...register, nickname: 'x' }));
  await keep(anonymous.post('/v1/auth/register', JSON.stringify(register).slice(0, -1)));
  await keep(anonymous.post('/v1/auth/login', { ...credentials, email: 'nobody@example.com' }));
  await keep(anonymous.post('/v1/auth/login', { ...credentials, password: NEW_PASSWORD }));
  await keep(anonymous.post(`/v1/auth/login?password=${PASSWORD}`, { email: EMAIL }));
  const first = await keep(anonymous.post('/v1/auth/login', credentials), true);
  const own = anonymous.withToken(String(first.access_token));
  await keep(own.get('/v1/users/me'));
  await keep(own.get('/v1/users'));
  await keep(own.get(`/v1/users/me?access_token=${String(first.access_token)}`));
  await keep(anonymous.withToken(`${String(first.access_token)}x`).get('/v1/users/me'));
  await keep(own.put('/v1/users/me/password', { current_password: NEW_PASSWORD, password: PASSWORD }));
  await keep(own.put('/v1/users/me/password', { current_password: PASSWORD, password: NEW_PASSWORD }));
  await keep(anonymous.post('/v1/auth/refresh', { refresh_token: first.refresh_token }), true);
  await keep(anonymous.post('/v1/auth/refresh', { refresh_token: first.refresh_token }));
  await keep(anonymous.post('/v1/auth/logout', { refresh_token: first.refresh_token }));
  const admin = await app.signIn('admin');
  await keep(admin.api.get('/v1/users'));
  await keep(admin.api.post('/v1/users', { ...register, full_name: 'Somebody else' }));

  // The log is read, and holds what it should: lines of requests, and the refused registration.
  expect(log.split('\n').length).toBeGreaterThan(15);
  expect(log).toContain('/v1/auth/refresh');
  expect(log).toContain(sessionIdOf(String(first.access_token)));
  expect(log).toContain('duplicate_email');
  expect(tokens).toHaveLength(4);
  for (const secret of [PASSWORD, NEW_PASSWORD, ...tokens]) {
    expect(log.includes(secret), `the log holds ${secret}`).toBe(false);
    for (const answer of answers) expect(answer).not.toContain(secret);
  }
  for (const answer of answers) expect(answer).not.toMatch(/argon2|hash/);
});
