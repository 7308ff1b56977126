import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Problem } from '../common/problems/problem.js';
import { PasswordsService } from './passwords.service.js';

/** Counts the real work without replacing it. */
const work = vi.hoisted(() => ({ hashes: 0, verifications: [] as string[] }));

vi.mock('@node-rs/argon2', async (importOriginal) => {
  const argon2 = await importOriginal<typeof import('@node-rs/argon2')>();
  return {
    ...argon2,
    hash: (...parameters: Parameters<typeof argon2.hash>) => {
      work.hashes += 1;
      return argon2.hash(...parameters);
    },
    verify: (...parameters: Parameters<typeof argon2.verify>) => {
      work.verifications.push(String(parameters[0]));
      return argon2.verify(...parameters);
    },
  };
});

const passwords = new PasswordsService();

/** What an argon2 string says about the work: everything before the salt. */
const costOf = (hash: string | undefined) => hash?.split('$').slice(0, 4).join('$');

describe('verify', () => {
  let known: string;

  beforeEach(async () => {
    known = await passwords.hash('a passphrase for the tests');
    await passwords.verify(undefined, 'makes the decoy');
    work.hashes = 0;
    work.verifications = [];
  });

  it('accepts the password and refuses any other', async () => {
    expect(await passwords.verify(known, 'a passphrase for the tests')).toBe(true);
    expect(await passwords.verify(known, 'A passphrase for the tests')).toBe(false);
    expect(await passwords.verify(known, '')).toBe(false);
  });

  it('does the same work for an account that does not exist', async () => {
    await passwords.verify(known, 'not it');
    await passwords.verify(undefined, 'not it');
    const [first, second] = work.verifications;
    expect(work.verifications).toHaveLength(2);
    expect(work.hashes).toBe(0);
    expect(costOf(second)).toBe(costOf(first));
    expect(costOf(first)).toBe('$argon2id$v=19$m=19456,t=2,p=1');
  });

  it('never fits an account that does not exist, not even with the decoy password', async () => {
    expect(await passwords.verify(undefined, 'a password that nobody has')).toBe(false);
  });
});

describe('assertUncommon', () => {
  it.each(['qwertyuiop123', 'QWERTYUIOP123'])('refuses %s at the pointer that it is told', (password) => {
    const refuse = () => passwords.assertUncommon(password, '/new');
    expect(refuse).toThrow(
      expect.objectContaining({
        errors: [expect.objectContaining({ pointer: '/new', code: 'common_password' })],
      }),
    );
  });

  it('takes what attackers do not try first', () => {
    expect(() => passwords.assertUncommon('correct horse battery staple')).not.toThrow();
  });
});

describe('a storm of logins', () => {
  it('is shed as overloaded once the queue is full, and the queue is served', async () => {
    const hash = await passwords.hash('x');
    const storm = Array.from({ length: 150 }, () => passwords.verify(hash, 'x'));
    const results = await Promise.allSettled(storm);
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(48);
    for (const { reason } of refused) expect((reason as Problem).code).toBe('overloaded');
    expect(await passwords.verify(hash, 'x')).toBe(true);
  });
});
