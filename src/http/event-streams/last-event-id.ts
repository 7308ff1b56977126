import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { invalid } from '../problems/problem.js';
import type { Problem } from '../problems/problem.js';

const HEADER = 'Last-Event-ID';
/** The largest number that PostgreSQL counts to. */
const MOST = 2n ** 63n - 1n;

/** @throws Problem `validation_failed` */
export function parseLastEventId(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (!/^\d{1,19}$/.test(header) || BigInt(header) > MOST) throw badLastEventId('the id of an event');
  return header;
}

export function badLastEventId(what: string): Problem {
  return invalid([{ header: HEADER, code: 'last_event_id', message: `${HEADER} must be ${what}` }]);
}

const LastEventIdHeader = createParamDecorator((_: unknown, context: ExecutionContext) =>
  parseLastEventId(
    context.switchToHttp().getRequest<FastifyRequest>().headers['last-event-id'] as string | undefined,
  ),
);

/** The position up to which a client that comes back has a stream; undefined for one that begins. */
export function LastEventId(): ParameterDecorator {
  return (target, key, index) => {
    LastEventIdHeader()(target, key, index);
    const method = Object.getOwnPropertyDescriptor(target, key as string) as PropertyDescriptor;
    ApiHeader({ name: HEADER })(target, key as string, method);
  };
}
