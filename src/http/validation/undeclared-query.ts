import type { ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { FastifyRequest } from 'fastify';
import { invalid } from '../problems/problem.js';

/** Refuses the query of a request whose handler takes none; no pipe would see it. @throws Problem `validation_failed` */
export function refuseUndeclaredQuery(context: ExecutionContext): void {
  const { query } = context.switchToHttp().getRequest<FastifyRequest>();
  const names = Object.keys(query as object);
  if (names.length === 0 || takesQuery(context)) return;
  throw invalid(
    names.map((name) => ({
      parameter: name.toWellFormed(),
      code: 'unknown_field',
      message: `${name.toWellFormed()} is unknown`,
    })),
  );
}

/** Nest keeps the parameters of a handler by their kind and place, such as `4:0`. */
function takesQuery(context: ExecutionContext): boolean {
  const parameters = Reflect.getMetadata(
    ROUTE_ARGS_METADATA,
    context.getClass(),
    context.getHandler().name,
  ) as object | undefined;
  return Object.keys(parameters ?? {}).some((key) => key.startsWith(`${RouteParamtypes.QUERY}:`));
}
