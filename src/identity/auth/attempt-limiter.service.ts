import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../../../config/index.js';
import type {
  Budget,
  BruteForceAttempt,
  BruteForceLimiter,
} from '../../http/rate-limits/brute-force-limiter.js';
import { networkOf } from '../../http/rate-limits/network.js';
import type { JobContext } from '../../platform/jobs/job-registry.js';
import { AttemptsRepository } from './attempts.repository.js';
import { OnSchedule } from '../../platform/jobs/job.decorators.js';

const WINDOW_SECONDS = 60;
const POLICIES = ['address', 'account'] as const;
const BATCH = 1000;

/**
 * Limits guessing for each address and each account, exactly, however many instances there are: the counters are in the
 * database, which is asked once for each attempt. Blocks grow for who goes on, to a quarter of an hour at most, and strangers
 * who hammer an account do not keep its owner out where the owner has signed in before.
 */
@Injectable()
export class AttemptLimiter implements BruteForceLimiter {
  constructor(
    private readonly attempts: AttemptsRepository,
    private readonly config: Config,
  ) {}

  async take({ kind, factor, network, account }: BruteForceAttempt): Promise<Budget[]> {
    const limit = this.config.limits.loginsPerMinute * factor;
    if (limit === 0) return [];
    const keys = {
      address: hash(kind, 'address', network),
      account: account === undefined ? null : hash(kind, 'account', fold(account)),
      accountAtAddress: account === undefined ? null : accountAtAddress(account, network),
    };
    const taken = await this.attempts.take(keys, limit);
    return taken.map(({ hits, secondsLeft }, index) => ({
      policy: POLICIES[index] ?? '',
      limit,
      windowSeconds: WINDOW_SECONDS,
      hits,
      secondsLeft,
    }));
  }

  /** The account (as the limited routes name it) has signed in from this address: it has a budget of its own there. */
  async remember(account: string, address: string): Promise<void> {
    if (this.config.limits.loginsPerMinute === 0) return;
    await this.attempts.remember(accountAtAddress(account, networkOf(address)));
  }

  /** Deletes what counts no more, in batches. */
  @OnSchedule('attempts.remove_old', '*/10 * * * *')
  async removeOld({ signal }: JobContext): Promise<void> {
    while ((await this.attempts.deleteOld(BATCH)) >= BATCH) signal.throwIfAborted();
  }
}

function accountAtAddress(account: string, network: string): Buffer {
  return hash('known', network, fold(account));
}

/**
 * Whatever PostgreSQL may take for the same e-mail must share one budget, and its `lower()` knows letters that JavaScript's
 * does not (`İ` is an `i`): coarser than either, as it does no harm when two accounts share one.
 */
function fold(account: string): string {
  const bare = account.normalize('NFKD').replace(/\p{Mark}/gu, '');
  return bare.trim().toLowerCase().toUpperCase();
}

function hash(...parts: string[]): Buffer {
  return createHash('sha256').update(parts.join('|')).digest();
}
