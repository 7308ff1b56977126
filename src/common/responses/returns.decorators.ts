import { applyDecorators, HttpCode, SetMetadata } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiExtraModels,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiProduces,
  getSchemaPath,
} from '@nestjs/swagger';
import { Problems } from '../problems/problems.decorator.js';

/** A DTO that lists what of an entity clients see. */
export interface ResponseDto<Source = never> {
  readonly name: string;
  from(source: Source): object;
}

/** What a handler answers; the ResponseInterceptor makes it true. */
export type Answer =
  | { kind: 'resource'; dto: ResponseDto<unknown>; collection?: string }
  | { kind: 'page'; dto: ResponseDto<unknown> }
  | { kind: 'nothing' }
  | { kind: 'document' };

export const ANSWER = 'stockroom:answer';

/** 200 with one resource (or another single object). */
export const Returns = (dto: ResponseDto) =>
  applyDecorators(
    declare({ kind: 'resource', dto: dto }),
    HttpCode(200),
    ApiOkResponse({ type: dto as never }),
    Problems('not_acceptable'),
  );

/** 201 with the resource, and its `Location` below `collection`, e.g. `/v1/products`. */
export const ReturnsCreated = (dto: ResponseDto, collection: string) =>
  applyDecorators(
    declare({ kind: 'resource', dto: dto, collection }),
    HttpCode(201),
    ApiCreatedResponse({
      type: dto as never,
      headers: { Location: { description: 'The path of the new resource.', schema: { type: 'string' } } },
    }),
    Problems('not_acceptable'),
  );

/** 200 with one page of a collection. */
export const ReturnsPage = (dto: ResponseDto) =>
  applyDecorators(
    declare({ kind: 'page', dto: dto }),
    HttpCode(200),
    ApiExtraModels(dto as never),
    ApiOkResponse({ schema: pageSchema(dto), headers: { Link: LINK_HEADER } }),
    Problems('invalid_cursor', 'not_acceptable'),
  );

/** 204 without a body. */
export const ReturnsNothing = () =>
  applyDecorators(declare({ kind: 'nothing' }), HttpCode(204), ApiNoContentResponse());

/** 200 with a document that is no resource of the API: a page for people, the OpenAPI description. */
export const ReturnsDocument = (mediaType: string) =>
  applyDecorators(
    declare({ kind: 'document' }),
    HttpCode(200),
    ApiProduces(mediaType),
    ApiOkResponse({
      content: { [mediaType]: { schema: { type: mediaType.endsWith('json') ? 'object' : 'string' } } },
    }),
  );

const LINK_HEADER = {
  description: 'The next page, as rel="next" (RFC 8288).',
  schema: { type: 'string' as const },
};

function declare(answer: Answer) {
  return SetMetadata(ANSWER, answer);
}

function pageSchema(dto: ResponseDto) {
  return {
    type: 'object',
    required: ['data', 'next_cursor', 'has_more'],
    properties: {
      data: { type: 'array', items: { $ref: getSchemaPath(dto as never) } },
      next_cursor: {
        type: 'string',
        nullable: true,
        description: 'Send it as `cursor` to get the next page; null on the last one.',
      },
      has_more: { type: 'boolean' },
    },
  };
}
