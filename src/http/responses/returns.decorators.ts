import { applyDecorators, HttpCode, SetMetadata } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiCreatedResponse,
  ApiExtraModels,
  ApiFoundResponse,
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
export type Answer = (
  | { kind: 'resource'; dto: ResponseDto<unknown>; isNew?: boolean; collection?: string }
  | { kind: 'page'; dto: ResponseDto<unknown> }
  | { kind: 'nothing' }
  | { kind: 'redirect'; dto?: ResponseDto<unknown> }
  /** Written by an interceptor of the handler. */
  | { kind: 'stream' }
  | { kind: 'document' }
) & {
  /** Besides JSON, or instead of it for a stream; an interceptor of the handler writes these. */
  mediaTypes?: readonly string[];
};

export const ANSWER = 'stockroom:answer';

/** 200 with one resource, and the ETag of its version. */
export const Returns = (dto: ResponseDto) =>
  applyDecorators(
    declareAnswer({ kind: 'resource', dto: dto }),
    HttpCode(200),
    ApiOkResponse({
      type: dto as never,
      description: 'The current resource.',
      headers: headers('ETag'),
    }),
    Problems('not_acceptable'),
  );

/** 200 with an object that is no resource: it has no version, hence no ETag. */
export const ReturnsObject = (dto: ResponseDto) =>
  applyDecorators(
    declareAnswer({ kind: 'resource', dto: dto }),
    HttpCode(200),
    ApiOkResponse({ type: dto as never, description: 'Done.' }),
    Problems('not_acceptable'),
  );

/**
 * 201 with the resource, and its `Location` below `collection`, such as `/v1/products`, or else below the request's path.
 */
export const ReturnsCreated = (dto: ResponseDto, collection?: string) =>
  applyDecorators(
    declareAnswer({ kind: 'resource', dto: dto, isNew: true, collection }),
    HttpCode(201),
    ApiCreatedResponse({
      type: dto as never,
      description: 'The new resource.',
      headers: headers('Location', 'ETag', 'Idempotency-Replayed'),
    }),
    Problems('not_acceptable'),
  );

/** What else than a page a list may answer with. */
export interface OtherAnswers {
  readonly mediaTypes: readonly string[];
  readonly note: string;
  /** Names of headers that the document describes. */
  readonly headers: readonly string[];
}

/** 200 with one page of a collection. */
export const ReturnsPage = (dto: ResponseDto, others?: OtherAnswers) =>
  applyDecorators(
    declareAnswer({ kind: 'page', dto: dto, ...(others && { mediaTypes: others.mediaTypes }) }),
    HttpCode(200),
    ApiExtraModels(dto as never),
    ApiOkResponse({
      content: {
        'application/json': { schema: pageSchema(dto) },
        ...Object.fromEntries(
          (others?.mediaTypes ?? []).map((mediaType) => [mediaType, { schema: { type: 'string' } }]),
        ),
      },
      description: ['One page of the list.', others?.note ?? []].flat().join(' '),
      headers: headers('Link', ...(others?.headers ?? [])),
    }),
    Problems('invalid_cursor', 'not_acceptable'),
  );

/** 204 without a body. */
export const ReturnsNothing = () =>
  applyDecorators(
    declareAnswer({ kind: 'nothing' }),
    HttpCode(204),
    ApiNoContentResponse({ description: 'Done. There is no body.' }),
  );

/**
 * 202 with the resource of work that goes on in the background, and its `Location` below `collection`.
 */
export const ReturnsJob = (dto: ResponseDto, collection: string) =>
  applyDecorators(
    declareAnswer({ kind: 'resource', dto: dto, isNew: true, collection }),
    HttpCode(202),
    ApiAcceptedResponse({
      type: dto as never,
      description: 'It runs in the background; the resource shows its progress.',
      headers: headers('Location', 'ETag', 'Idempotency-Replayed'),
    }),
    Problems('not_acceptable'),
  );

/** 202 without a body: what was asked for happens in the background. */
export const ReturnsAccepted = () =>
  applyDecorators(
    declareAnswer({ kind: 'nothing' }),
    HttpCode(202),
    ApiAcceptedResponse({ description: 'Accepted. There is no body.' }),
  );

/**
 * 302 to the `location` that the handler returned, without a body; with a DTO also 200, with what else it returned. For
 * browsers that others send here, too, with parameters that nobody here knows: those are not refused.
 */
export const ReturnsRedirect = (description: string, dto?: ResponseDto) =>
  applyDecorators(
    declareAnswer({ kind: 'redirect', ...(dto && { dto: dto }) }),
    HttpCode(302),
    ApiFoundResponse({
      description,
      headers: { Location: { description: 'Where to continue.', schema: { type: 'string', format: 'uri' } } },
    }),
    ...(dto ? [ApiOkResponse({ type: dto as never, description: 'Done.' })] : []),
  );

/** 200 with a document that is no resource of the API: a page for people, the OpenAPI description. */
export const ReturnsDocument = (mediaType: string, example?: unknown, ...otherTypes: string[]) =>
  applyDecorators(
    declareAnswer({ kind: 'document' }),
    HttpCode(200),
    ApiProduces(mediaType, ...otherTypes),
    ApiOkResponse({
      description: 'The document.',
      content: {
        [mediaType]: { schema: documentSchema(mediaType), example },
        ...Object.fromEntries(otherTypes.map((type) => [type, { schema: documentSchema(type) }])),
      },
    }),
  );

const documentSchema = (mediaType: string) => ({ type: mediaType.endsWith('json') ? 'object' : 'string' });

/** The document describes each header once. */
function headers(...names: string[]) {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** Every operation of the API refuses query parameters that it does not know. */
export function declareAnswer(answer: Answer) {
  const refusals = answer.kind === 'document' ? [] : [Problems('validation_failed')];
  return applyDecorators(SetMetadata(ANSWER, answer), ...refusals);
}

function pageSchema(dto: ResponseDto) {
  return {
    // A titled schema becomes a component of the document, under this name.
    title: `${dto.name.replace(/Response$/, '')}Page`,
    type: 'object',
    required: ['data', 'next_cursor', 'has_more'],
    properties: {
      data: { type: 'array', items: { $ref: getSchemaPath(dto as never) } },
      next_cursor: {
        type: 'string',
        nullable: true,
        example: 'p6xN0mUq3o1b7Qn4Yw2s9lsiMjAyNi0wMy0wMVQwOTozMDowMC4wMDBaIl0',
        description: 'Send it as `cursor` to get the next page; null on the last one.',
      },
      has_more: { type: 'boolean', example: true },
    },
  };
}
