import { applyDecorators, Injectable, SetMetadata } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { normalizeIp, ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import type { ThrottlerModuleOptions, ThrottlerRequest } from '@nestjs/throttler';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../../../config/index.js';
import { clientAddress } from '../context/client-address.js';
import { appendHeader } from '../http/append-header.js';
import { Problem } from '../problems/problem.js';
import { RateLimiter } from './rate-limiter.js';

const MINUTE = 60_000;
const CREDENTIAL_ROUTE = 'stockroom:credential-route';

/** Routes where passwords can be guessed: limited further, for each address and each account. */
export const LimitsGuessing = () => applyDecorators(SetMetadata(CREDENTIAL_ROUTE, true));

/** How often: one budget for each caller (else address), with the headers of the IETF RateLimit draft. */
@Injectable()
export class RateLimitGuard extends ThrottlerGuard {
  /** The library looks for fifteen kinds of metadata a request; ours has one. */
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const guessable = this.reflector.get<boolean | undefined>(CREDENTIAL_ROUTE, context.getHandler());
    for (const throttler of this.throttlers) {
      if (throttler.skipIf?.(context) || (throttler.name !== 'default' && !guessable)) continue;
      await this.handleRequest({
        context,
        throttler,
        limit: throttler.limit as number,
        ttl: throttler.ttl as number,
        blockDuration: throttler.ttl as number,
        getTracker: throttler.getTracker ?? ((request) => this.getTracker(request)),
        generateKey: () => '',
      });
    }
    return true;
  }

  protected override async handleRequest(hit: ThrottlerRequest): Promise<boolean> {
    const { context, limit, ttl, throttler } = hit;
    const name = throttler.name ?? 'default';
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const tracker = await hit.getTracker(request as never, context);
    const key = name === 'default' ? tracker : `${name}:${context.getHandler().name}:${tracker}`;
    const { totalHits, timeToExpire, isBlocked } = await this.storageService.increment(
      key,
      ttl,
      limit,
      ttl,
      name,
    );
    appendHeader(reply, 'ratelimit-policy', `"${name}";q=${limit};w=${ttl / 1000}`);
    appendHeader(reply, 'ratelimit', `"${name}";r=${Math.max(0, limit - totalHits)};t=${timeToExpire}`);
    if (!isBlocked) return true;
    const detail = `More than ${limit} requests in ${ttl / 1000} seconds. Try again in ${timeToExpire} s.`;
    throw new Problem('rate_limited', detail, { headers: { 'Retry-After': String(timeToExpire) } });
  }

  /** The library serves any framework, hence its untyped requests. */
  protected override getTracker(request: Record<string, unknown>): Promise<string> {
    const { caller } = request as unknown as FastifyRequest;
    return Promise.resolve(caller ? `user:${caller.userId}` : addressOf(request));
  }
}

/** The module of the guard's library, set up with our store and limits (`0` turns one off). */
export const RateLimitModule = ThrottlerModule.forRootAsync({
  inject: [Config],
  useFactory: ({ limits }: Config): ThrottlerModuleOptions => ({
    storage: new RateLimiter(),
    throttlers: [
      {
        name: 'default',
        limit: limits.requestsPerMinute,
        ttl: MINUTE,
        skipIf: () => limits.requestsPerMinute === 0,
      },
      {
        name: 'address',
        limit: limits.loginsPerMinute,
        ttl: MINUTE,
        skipIf: () => limits.loginsPerMinute === 0,
        getTracker: addressOf,
      },
      {
        name: 'account',
        limit: limits.loginsPerMinute,
        ttl: MINUTE,
        skipIf: (context) => limits.loginsPerMinute === 0 || accountOf(context) === undefined,
        getTracker: (_, context) => accountOf(context) ?? '',
      },
    ],
  }),
});

/** An IPv6 client has a whole /64 to choose its addresses from, and is counted by that. */
function addressOf(request: Record<string, unknown>): string {
  return normalizeIp(clientAddress(request as unknown as FastifyRequest), 64);
}

function accountOf(context: ExecutionContext): string | undefined {
  const { body } = context.switchToHttp().getRequest<FastifyRequest>();
  const email = (body as { email?: unknown } | null | undefined)?.email;
  return typeof email === 'string' ? email.slice(0, 254).toLowerCase() : undefined;
}
