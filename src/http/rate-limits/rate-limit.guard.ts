import { Inject, Injectable } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import type { ThrottlerModuleOptions, ThrottlerRequest } from '@nestjs/throttler';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../../../config/index.js';
import { clientAddress } from '../context/client-address.js';
import { appendHeader } from '../server/append-header.js';
import { Problem } from '../problems/problem.js';
import { BRUTE_FORCE_LIMITER } from './brute-force-limiter.js';
import type { Budget, BruteForceLimiter } from './brute-force-limiter.js';
import { BRUTE_FORCE_RULE } from './brute-force-limit.decorator.js';
import type { BruteForceRule } from './brute-force-limit.decorator.js';
import { networkOf } from './network.js';
import { RateLimiter } from './rate-limiter.js';

const MINUTE_MS = 60_000;

/**
 * How often: one budget for each caller (else address), counted in this process, and on routes with `@BruteForceLimit` those
 * of address and account, counted in the database. With the headers of the IETF RateLimit draft.
 */
@Injectable()
export class RateLimitGuard extends ThrottlerGuard {
  @Inject(BRUTE_FORCE_LIMITER) private readonly bruteForce: BruteForceLimiter;

  /** The library looks for fifteen kinds of metadata a request; ours has one. */
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    for (const throttler of this.throttlers) {
      if (throttler.skipIf?.(context)) continue;
      await this.handleRequest({
        context,
        throttler,
        limit: throttler.limit as number,
        ttl: throttler.ttl as number,
        blockDuration: throttler.ttl as number,
        getTracker: (request) => this.getTracker(request),
        generateKey: () => '',
      });
    }
    const rule = this.reflector.get<BruteForceRule | undefined>(BRUTE_FORCE_RULE, context.getHandler());
    if (rule) await this.limitBruteForce(rule, context);
    return true;
  }

  protected override async handleRequest({
    context,
    limit,
    ttl,
    throttler,
    getTracker,
  }: ThrottlerRequest): Promise<boolean> {
    const policy = throttler.name ?? 'default';
    const http = context.switchToHttp();
    const key = await getTracker(http.getRequest(), context);
    const { totalHits, timeToExpire } = await this.storageService.increment(key, ttl, limit, ttl, policy);
    const budget = { policy, limit, windowSeconds: ttl / 1000, hits: totalHits, secondsLeft: timeToExpire };
    spend(budget, http.getResponse());
    return true;
  }

  private async limitBruteForce({ kind, factor = 1, account }: BruteForceRule, context: ExecutionContext) {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const network = networkOf(clientAddress(request));
    const budgets = await this.bruteForce.take({ kind, factor, network, account: account?.(request) });
    for (const budget of budgets) spend(budget, http.getResponse());
  }

  /** The library serves any framework, hence its untyped requests. */
  protected override getTracker(request: Record<string, unknown>): Promise<string> {
    const { caller } = request as unknown as FastifyRequest;
    const address = () => networkOf(clientAddress(request as unknown as FastifyRequest));
    return Promise.resolve(caller ? `user:${caller.userId}` : address());
  }
}

/** @throws Problem `rate_limited` */
function spend({ policy, limit, windowSeconds, hits, secondsLeft }: Budget, reply: FastifyReply): void {
  appendHeader(reply, 'ratelimit-policy', `"${policy}";q=${limit};w=${windowSeconds}`);
  appendHeader(reply, 'ratelimit', `"${policy}";r=${Math.max(0, limit - hits)};t=${secondsLeft}`);
  if (hits <= limit) return;
  const detail = `More than ${limit} requests in ${windowSeconds} seconds. Try again in ${secondsLeft} s.`;
  throw new Problem('rate_limited', detail, { headers: { 'Retry-After': String(secondsLeft) } });
}

/** The module of the guard's library, set up with our store and limit (`0` turns it off). */
export const RateLimitModule = ThrottlerModule.forRootAsync({
  inject: [Config],
  useFactory: ({ limits }: Config): ThrottlerModuleOptions => ({
    storage: new RateLimiter(),
    throttlers: [
      {
        name: 'default',
        limit: limits.requestsPerMinute,
        ttl: MINUTE_MS,
        skipIf: () => limits.requestsPerMinute === 0,
      },
    ],
  }),
});
