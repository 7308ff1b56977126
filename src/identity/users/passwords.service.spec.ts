import { availableParallelism } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import argon2 from '@node-rs/argon2';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Problem } from '../../http/problems/problem.js';
import { PasswordsService } from './passwords.service.js';

/** Counts the real work without replacing it. */
const hashes = vi.spyOn(argon2, 'hash');
const verifications = vi.spyOn(argon2, 'verify');

const passwords = new PasswordsService();

/** What an argon2 string says about the work: everything before the salt. */
const costOf = (hash: string | undefined) => hash?.split('$').slice(0, 4).join('$');

describe('verify', () => {
  let known: string;

  beforeEach(async () => {
    known = await passwords.hash('a passphrase for the tests');
    await passwords.verify(undefined, 'makes the decoy');
    hashes.mockClear();
    verifications.mockClear();
  });

  it('accepts the password and refuses any other', async () => {
    expect(await passwords.verify(known, 'a passphrase for the tests')).toBe(true);
    expect(await passwords.verify(known, 'A passphrase for the tests')).toBe(false);
    expect(await passwords.verify(known, '')).toBe(false);
  });

  it.each([
    ['that does not exist', undefined],
    ['without a password', null],
  ])('does the same work for an account %s', async (_, none) => {
    expect(await passwords.verify(known, 'not it')).toBe(false);
    expect(await passwords.verify(none, 'not it')).toBe(false);
    const [first, second] = verifications.mock.calls.map(([hash]) => String(hash));
    expect(verifications).toHaveBeenCalledTimes(2);
    expect(hashes).not.toHaveBeenCalled();
    expect(costOf(second)).toBe(costOf(first));
    expect(costOf(first)).toBe('$argon2id$v=19$m=19456,t=2,p=1');
  });

  it.each([undefined, null])('never fits %s, not even with the decoy password', async (none) => {
    expect(await passwords.verify(none, 'a password that nobody has')).toBe(false);
  });
});

describe('letters', () => {
  it.each([
    ['composed', 'Señor Ångström Ệ', 'decomposed', 'Sen\u0303or A\u030angstro\u0308m E\u0323\u0302'],
    ['decomposed', 'Sen\u0303or A\u030angstro\u0308m E\u0323\u0302', 'composed', 'Señor Ångström Ệ'],
    ['of full width', 'ｃｏｒｒｅｃｔ ｈｏｒｓｅ\u3000７', 'of ASCII', 'correct horse 7'],
  ])('that are %s (%s) fit those that are %s (%s)', async (_, set, __, typed) => {
    expect(set).not.toBe(typed);
    const hash = await passwords.hash(set);
    expect(await passwords.verify(hash, typed)).toBe(true);
    expect(await passwords.verify(hash, set)).toBe(true);
  });

  it('that look alike do not fit: Cyrillic, another case, without an accent', async () => {
    const hash = await passwords.hash('Señor Ångström');
    for (const other of ['Sеñor Ångström', 'señor Ångström', 'Senor Angstrom']) {
      expect(await passwords.verify(hash, other)).toBe(false);
    }
  });

  it('count to the last of 128, of four bytes each', async () => {
    const hash = await passwords.hash('🦊'.repeat(128));
    expect(await passwords.verify(hash, '🦊'.repeat(128))).toBe(true);
    expect(await passwords.verify(hash, `${'🦊'.repeat(127)}🐻`)).toBe(false);
    expect(await passwords.verify(hash, '🦊'.repeat(127))).toBe(false);
  });
});

describe('needsRehash', () => {
  it('is over with a hash of today', async () => {
    expect(passwords.needsRehash(await passwords.hash('x'))).toBe(false);
  });

  it.each([
    ['less memory', { memoryCost: 8192 }],
    ['more memory', { memoryCost: 65_536 }],
    ['fewer passes', { timeCost: 1 }],
    ['more lanes', { parallelism: 2 }],
  ])('finds %s', async (_, other) => {
    const old = await argon2.hash('x', { memoryCost: 19_456, timeCost: 2, parallelism: 1, ...other });
    expect(passwords.needsRehash(old)).toBe(true);
    expect(await passwords.verify(old, 'x')).toBe(true);
  });

  it.each([
    '$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA',
    '$argon2id$v=16$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA',
    '$argon2id$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA',
    '$argon2id$v=19$m=19456,t=2,p=10$c2FsdHNhbHQ$aGFzaA',
    '$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW',
    '',
  ])('finds %j', (old) => {
    expect(passwords.needsRehash(old)).toBe(true);
  });
});

describe('assertUncommon', () => {
  it.each(['qwertyuiop123', 'QWERTYUIOP123', 'ｑｗｅｒｔｙｕｉｏｐ１２３'])(
    'refuses %s at the pointer that it is told',
    (password) => {
      const refuse = () => passwords.assertUncommon(password, '/new');
      expect(refuse).toThrow(
        expect.objectContaining({
          errors: [expect.objectContaining({ pointer: '/new', code: 'common_password' })],
        }),
      );
    },
  );

  it('takes what attackers do not try first', () => {
    expect(() => passwords.assertUncommon('correct horse battery staple')).not.toThrow();
  });
});

describe('a storm of logins', () => {
  const atOnce = Math.max(1, availableParallelism() - 1);

  it('leaves a processor to others, and is shed as overloaded once the queue is full', async () => {
    const hash = await passwords.hash('x');
    let running = 0;
    let most = 0;
    verifications.mockImplementation(async () => {
      most = Math.max(most, (running += 1));
      await nextTurn();
      running -= 1;
      return true;
    });
    const storm = Array.from({ length: atOnce + 256 + 20 }, () => passwords.verify(hash, 'x'));
    const results = await Promise.allSettled(storm);
    verifications.mockRestore();
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(20);
    for (const { reason } of refused) expect((reason as Problem).code).toBe('overloaded');
    expect(most).toBe(atOnce);
    expect(await passwords.verify(hash, 'x')).toBe(true);
  });
});
