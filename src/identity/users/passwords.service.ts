import { availableParallelism } from 'node:os';
import { Injectable } from '@nestjs/common';
import argon2 from '@node-rs/argon2';
import type { Options } from '@node-rs/argon2';
import { dictionary } from '@zxcvbn-ts/language-common';
import { invalid, Problem } from '../../http/problems/problem.js';

/** OWASP's recommendation for argon2id, which is the library's default algorithm: 19 MiB, two passes. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } satisfies Options;

/** How a hash of these parameters begins. */
const CURRENT = `$argon2id$v=19$m=${PARAMETERS.memoryCost},t=${PARAMETERS.timeCost},p=${PARAMETERS.parallelism}$`;

/** Hashes at work at once, and in the queue behind them: a storm of logins leaves a processor to everything else. */
const MAX_RUNNING = Math.max(1, availableParallelism() - 1);
const MAX_WAITING = 256;

const SHORTEST = 12;

const COMMON_PASSWORDS = new Set(
  dictionary['passwords-common'].map((word) => word.toLowerCase()).filter((word) => word.length >= SHORTEST),
);

/** Hashes and checks passwords with argon2id. */
@Injectable()
export class PasswordsService {
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  /** Checked against when there is no account, so that a login takes the same time either way. */
  private readonly decoy = this.hash('a password that nobody has');

  /** @throws Problem `validation_failed` when the password is one that attackers try first */
  assertUncommon(password: string, pointer = '/password'): void {
    if (!COMMON_PASSWORDS.has(normalized(password).toLowerCase())) return;
    throw invalid([
      { pointer, code: 'common_password', message: 'this password is too common, choose another' },
    ]);
  }

  hash(password: string): Promise<string> {
    return this.limited(() => argon2.hash(normalized(password), PARAMETERS));
  }

  /** Whether the password fits; without an account (undefined) or without a hash (null) it does not, after as much work. */
  async verify(passwordHash: string | null | undefined, password: string): Promise<boolean> {
    const against = passwordHash ?? (await this.decoy);
    const fits = await this.limited(() => argon2.verify(against, normalized(password)));
    return fits && typeof passwordHash === 'string';
  }

  /** Whether the hash was made with other parameters than today's; the next login knows the password to make a new one. */
  needsRehash(passwordHash: string): boolean {
    return !passwordHash.startsWith(CURRENT);
  }

  private async limited<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= MAX_RUNNING) {
      if (this.waiting.length >= MAX_WAITING) throw new Problem('overloaded');
      // The one who finishes hands its place over: `running` stays as it is.
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else {
      this.running += 1;
    }
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  }
}

/** What is typed on another keyboard is the same password, however its letters are encoded (NIST SP 800-63B). */
function normalized(password: string): string {
  return password.normalize('NFKC');
}
