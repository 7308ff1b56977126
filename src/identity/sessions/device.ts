import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { clientAddress } from '../../http/context/client-address.js';

/** Where a sign-in comes from, shown to its owner in the list of sessions. */
export interface Device {
  readonly ip: string;
  readonly userAgent: string | undefined;
}

/** The device that sends the request. */
export const CurrentDevice = createParamDecorator((_: unknown, context: ExecutionContext): Device => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  return { ip: clientAddress(request), userAgent: request.headers['user-agent'] };
});
