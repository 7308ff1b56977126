/** What counts attempts at passwords and codes for all instances; the auth feature provides it. */
export const BRUTE_FORCE_LIMITER = Symbol('BRUTE_FORCE_LIMITER');

export interface BruteForceAttempt {
  /** Each kind has budgets of its own. */
  readonly kind: string;
  readonly factor: number;
  readonly network: string;
  readonly account: string | undefined;
}

/** How a budget stands after a request. */
export interface Budget {
  readonly policy: string;
  readonly limit: number;
  readonly windowSeconds: number;
  /** More than the limit: this request is refused. */
  readonly hits: number;
  readonly secondsLeft: number;
}

export interface BruteForceLimiter {
  /** Takes the attempt from each budget in turn; the last one of the answer may be one that refuses it. */
  take(attempt: BruteForceAttempt): Promise<readonly Budget[]>;
}
