import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Page } from '../pages/page.js';
import { etagOf, matchesEtag } from './etag.js';
import type { Answer, ResponseDto } from './returns.decorators.js';

/** The body of what a handler returned, as its answer is declared; sets the headers that depend on it. */
export function shapeAnswer(
  answer: Answer,
  value: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): object | undefined {
  if (answer.kind === 'nothing') return undefined;
  if (answer.kind === 'page') return shapePage(answer.dto, value as Page<unknown>, request, reply);
  if (answer.kind === 'redirect') return shapeRedirect(answer, value, reply);
  if (answer.kind !== 'resource')
    throw new Error(`An answer of kind ${answer.kind} is written by an interceptor`);
  return shapeResource(answer, value as Versioned, request, reply);
}

interface Versioned {
  id?: string;
  version?: number;
}

function shapeResource(
  { dto, isNew, collection }: Extract<Answer, { kind: 'resource' }>,
  value: Versioned,
  request: FastifyRequest,
  reply: FastifyReply,
): object | undefined {
  if (isNew) reply.header('location', `${collection ?? pathOf(request)}/${value.id ?? ''}`);
  if (value.version !== undefined) {
    const etag = etagOf(value.version);
    reply.header('etag', etag);
    if (request.method === 'GET' || request.method === 'HEAD') {
      const { 'if-none-match': known } = request.headers;
      if (known !== undefined && matchesEtag(known, etag)) {
        reply.code(304);
        return undefined;
      }
    }
  }
  return dto.from(value);
}

function pathOf({ url }: FastifyRequest): string {
  return url.split('?', 1)[0] ?? '';
}

function shapeRedirect(
  { dto }: Extract<Answer, { kind: 'redirect' }>,
  value: unknown,
  reply: FastifyReply,
): object | undefined {
  const { location } = value as { location?: string };
  if (location === undefined) {
    reply.code(200);
    return dto?.from(value);
  }
  reply.header('location', location);
  return undefined;
}

function shapePage(
  dto: ResponseDto<unknown>,
  page: Page<unknown>,
  request: FastifyRequest,
  reply: FastifyReply,
): object {
  const { rows, nextCursor } = page;
  if (nextCursor !== null) reply.header('link', `<${withCursor(request.url, nextCursor)}>; rel="next"`);
  return { data: rows.map((row) => dto.from(row)), next_cursor: nextCursor, has_more: nextCursor !== null };
}

function withCursor(url: string, cursor: string): string {
  const [path = '', query = ''] = url.split('?', 2);
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', cursor);
  return `${path}?${parameters.toString()}`;
}
