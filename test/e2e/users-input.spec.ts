import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

let app: TestApp;
let admin: SignedIn;

beforeAll(async () => {
  app = await startTestApp();
  admin = await app.signIn('admin');
});
afterAll(() => app.close());

const ROUTES = ['/v1/users', '/v1/auth/register'];
const valid = () => ({ email: `${randomUUID()}@example.com`, password: PASSWORD, full_name: 'Ada Lovelace' });
const create = (route: string, body: unknown) => admin.api.post(route, body);

/** 128 code points of four bytes each. */
const EMOJI = '🦊'.repeat(128);

describe.each(ROUTES)('POST %s takes', (route) => {
  it.each([
    ['a password of 12', { password: 'xk7 Rq2!pw9z' }],
    ['a password of 128', { password: `${'pass phrase '.repeat(10)}12345678` }],
    ['a password of 12 code points in 24 UTF-16 units', { password: '🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔🐧' }],
    ['a password of 128 code points in 512 bytes', { password: EMOJI }],
    ['a password of spaces and controls', { password: ' \t leading and trailing \n ' }],
    ['a password in another script', { password: 'пароль-длинный-и-редкий' }],
    ['a name of 2', { full_name: 'Li' }],
    ['a name of 100 code points', { full_name: '🦊'.repeat(100) }],
    ['a name that looks like markup or SQL', { full_name: `<b>Robert'); DROP TABLE users;--</b>` }],
    ['an e-mail with a tag', { email: `ada+${randomUUID()}@example.com` }],
    ['an e-mail with a quote mark', { email: `o'hara.${randomUUID()}@example.co.uk` }],
  ])('%s, and signs in with it', async (_, fields) => {
    const input = { ...valid(), ...fields };
    const { status, body } = await create(route, input);
    expect(status).toBe(201);
    expect([body.email, body.full_name]).toEqual([input.email, input.full_name]);
    const { email, password } = input;
    expect((await app.anonymous.post('/v1/auth/login', { email, password })).status).toBe(200);
  });
});

describe.each(ROUTES)('POST %s refuses', (route) => {
  it.each([
    ['a password of 11', { password: 'xk7 Rq2!pw9' }, '/password', 'length'],
    ['a password of 11 code points in 22 units', { password: '🦊'.repeat(11) }, '/password', 'length'],
    ['a password of 129', { password: 'p'.repeat(129) }, '/password', 'length'],
    ['a password of 129 code points', { password: `${EMOJI}a` }, '/password', 'length'],
    ['a megabyte of password', { password: 'p'.repeat(900_000) }, '/password', 'length'],
    ['a common password', { password: 'qwertyuiop123' }, '/password', 'common_password'],
    ['a common password in other letters', { password: 'QwertyUIOP123' }, '/password', 'common_password'],
    ['a number for a password', { password: 123456789012 }, '/password', 'type'],
    ['no password', { password: undefined }, '/password', 'required'],
    ['a null password', { password: null }, '/password', 'type'],
    ['a name of 1', { full_name: 'A' }, '/full_name', 'length'],
    ['a name of one emoji, two units', { full_name: '🦊' }, '/full_name', 'length'],
    ['a name of 101', { full_name: 'n'.repeat(101) }, '/full_name', 'length'],
    ['a NUL in the name', { full_name: 'Ada\u0000' }, '/full_name', 'text'],
    ['half of a surrogate pair', { full_name: 'Ada \ud83e' }, '/full_name', 'text'],
    ['a NUL in the password', { password: `${PASSWORD}\u0000` }, '/password', 'text'],
    ['an e-mail without @', { email: 'ada.example.com' }, '/email', 'email'],
    ['an e-mail without a domain', { email: 'ada@' }, '/email', 'email'],
    ['an e-mail with two @', { email: 'ada@home@example.com' }, '/email', 'email'],
    ['an e-mail with a space', { email: 'ada lovelace@example.com' }, '/email', 'email'],
    ['an e-mail with a line break', { email: 'ada@example.com\r\nBcc: x@example.com' }, '/email', 'email'],
    ['an e-mail with a name around it', { email: 'Ada <ada@example.com>' }, '/email', 'email'],
    [
      'an e-mail of 255',
      { email: `${'a'.repeat(60)}@${'b'.repeat(60)}.${'c'.repeat(129)}.com` },
      '/email',
      'length',
    ],
    ['an empty e-mail', { email: '' }, '/email', 'length'],
    ['a list of e-mails', { email: ['ada@example.com'] }, '/email', 'type'],
    ['an object for an e-mail', { email: { $ne: null } }, '/email', 'type'],
    ['is_active', { is_active: true }, '/is_active', 'unknown_field'],
    ['email_verified', { email_verified: true }, '/email_verified', 'unknown_field'],
    ['an id', { id: randomUUID() }, '/id', 'unknown_field'],
  ])('%s', async (_, fields, pointer, code) => {
    const { status, body, text } = await create(route, { ...valid(), ...fields });
    expect([status, body.code]).toEqual([422, 'validation_failed']);
    expect(body.errors).toEqual([expect.objectContaining({ pointer, code })]);
    if ('password' in fields && fields.password) expect(text).not.toContain(String(fields.password));
  });

  it('several faults at once, each by name', async () => {
    const { status, body } = await create(route, { email: 'x', password: 'short', nickname: 'Ada' });
    expect(status).toBe(422);
    const pointers = body.errors?.map((error) => ('pointer' in error ? error.pointer : '')).sort();
    expect(pointers).toEqual(['/email', '/full_name', '/nickname', '/password']);
  });

  it.each([
    ['a list', '[]', 422],
    ['null', 'null', 422],
    ['a text', '"x"', 422],
    ['nothing', undefined, 400],
    ['broken JSON', '{"email":', 400],
    ['a __proto__ key', '{"__proto__":{"role":"admin"},"email":"a@example.com"}', 422],
    ['a constructor key', '{"constructor":{"prototype":{"role":"admin"}}}', 422],
  ])('%s', async (_, body, status) => {
    expect((await create(route, body)).status).toBe(status);
  });
});

describe('the role', () => {
  it('is a field of administrators only: who registers with one is refused', async () => {
    const { status, body } = await app.anonymous.post('/v1/auth/register', { ...valid(), role: 'admin' });
    expect(status).toBe(422);
    expect(body.errors).toEqual([expect.objectContaining({ pointer: '/role', code: 'unknown_field' })]);
  });

  it.each(['owner', 'ADMIN', '', 'toString', null, 1, ['admin']])('%j is none', async (role) => {
    const { status, body } = await admin.api.post('/v1/users', { ...valid(), role });
    expect(status).toBe(422);
    expect(body.errors).toEqual([expect.objectContaining({ pointer: '/role' })]);
  });
});
