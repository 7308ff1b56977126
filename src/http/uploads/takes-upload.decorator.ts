import { applyDecorators, createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBody, ApiConsumes } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../problems/problem.js';
import { Upload } from './upload.js';

/** The handler takes a body of any size in one of these media types, each with an example; see `@UploadedBody`. */
export const TakesUpload = (examples: Readonly<Record<string, string>>) =>
  applyDecorators(
    RouteConfig({ uploads: Object.keys(examples) }),
    ApiConsumes(...Object.keys(examples)),
    ApiBody({
      schema: { type: 'string' },
      required: true,
      examples: Object.fromEntries(Object.entries(examples).map(([type, value]) => [type, { value }])),
    }),
  );

/** The body of a handler with `@TakesUpload`, as a stream. @throws Problem `unsupported_media_type` for any other */
export const UploadedBody = createParamDecorator((_: unknown, context: ExecutionContext): Upload => {
  const { body } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!(body instanceof Upload)) throw new Problem('unsupported_media_type');
  return body;
});
