import { SetMetadata } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** Tells which account a request is about, if it says so. It is called before the body is checked, which may be anything. */
export type AccountOf = (request: FastifyRequest) => string | undefined;

export interface BruteForceRule {
  readonly kind: string;
  /** Without it, only addresses are limited: for secrets that nobody can guess. */
  readonly account?: AccountOf;
  /** Multiplies the limit. */
  readonly factor?: number;
}

export const BRUTE_FORCE_RULE = 'stockroom:brute-force-rule';

/**
 * Routes where something can be guessed: limited further, for each address and each account, across all instances. Routes
 * of one kind share their budgets.
 *
 * @example `@BruteForceLimit('login', { account: byEmail })`
 */
export const BruteForceLimit = (kind: string, options: Omit<BruteForceRule, 'kind'> = {}) =>
  SetMetadata(BRUTE_FORCE_RULE, { kind, ...options } satisfies BruteForceRule);

/** By the e-mail in the body. */
export const byEmail: AccountOf = ({ body }) => {
  const email = (body as { email?: unknown } | null | undefined)?.email;
  return typeof email === 'string' ? email.slice(0, 254) : undefined;
};

/** By who is signed in. */
export const byCaller: AccountOf = ({ caller }) => caller?.userId;
