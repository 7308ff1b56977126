import { applyDecorators, Injectable, SetMetadata } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import type { ThrottlerModuleOptions, ThrottlerRequest } from '@nestjs/throttler';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../../../config/index.js';
import { Problem } from '../problems/problem.js';
import { RateLimiter } from './rate-limiter.js';

const MINUTE = 60_000;
const CREDENTIAL_ROUTE = 'stockroom:credential-route';

/** Routes where passwords or tokens can be guessed: limited further, for each address and each account. */
export const LimitsGuessing = () => applyDecorators(SetMetadata(CREDENTIAL_ROUTE, true));

/** How often: one budget for each caller (else address), with the headers of the IETF RateLimit draft. */
@Injectable()
export class RateLimitGuard extends ThrottlerGuard {
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
    append(reply, 'ratelimit-policy', `"${name}";q=${limit};w=${ttl / 1000}`);
    append(reply, 'ratelimit', `"${name}";r=${Math.max(0, limit - totalHits)};t=${timeToExpire}`);
    if (!isBlocked) return true;
    const detail = `More than ${limit} requests in ${ttl / 1000} seconds. Try again in ${timeToExpire} s.`;
    throw new Problem('rate_limited', detail, { headers: { 'Retry-After': String(timeToExpire) } });
  }

  protected override async getTracker(request: Record<string, unknown>): Promise<string> {
    const { caller } = request as unknown as FastifyRequest;
    return caller ? `user:${caller.userId}` : super.getTracker(request);
  }
}

/** The module of the guard's library, set up with our store and limits (`0` turns one off). */
export const RateLimitModule = ThrottlerModule.forRootAsync({
  inject: [Config, Reflector],
  useFactory: ({ limits }: Config, reflector: Reflector): ThrottlerModuleOptions => {
    const elsewhere = (context: ExecutionContext) =>
      limits.loginsPerMinute === 0 || !reflector.get<boolean>(CREDENTIAL_ROUTE, context.getHandler());
    return {
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
          skipIf: elsewhere,
          getTracker: addressOf,
        },
        {
          name: 'account',
          limit: limits.loginsPerMinute,
          ttl: MINUTE,
          skipIf: (context) => elsewhere(context) || accountOf(context) === undefined,
          getTracker: (_, context) => accountOf(context) ?? '',
        },
      ],
    };
  },
});

function addressOf(request: Record<string, unknown>): string {
  return (request as unknown as FastifyRequest).ip;
}

function accountOf(context: ExecutionContext): string | undefined {
  const { body } = context.switchToHttp().getRequest<FastifyRequest>();
  const email = (body as { email?: unknown } | null | undefined)?.email;
  return typeof email === 'string' ? email.slice(0, 254).toLowerCase() : undefined;
}

function append(reply: FastifyReply, name: string, value: string): void {
  const before = reply.getHeader(name);
  reply.header(name, before === undefined ? value : `${String(before)}, ${value}`);
}
