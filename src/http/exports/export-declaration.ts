import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { EXPORT_FORMATS } from './export-formats.js';
import type { ExportFormat } from './export-formats.js';

/** What a list says that can be exported. */
export interface ExportDeclaration {
  /** Of the file that it is offered as: `products` becomes `products-2026-03-01.csv`. */
  readonly name: string;
  /** The fields of the response, in the order of the columns. */
  readonly columns: readonly string[];
}

/** The names of all fields of a response; the compiler sees to it that none is missing. */
export function columnsOf<Dto>(fields: Record<keyof Dto, true>): readonly string[] {
  return Object.keys(fields);
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set when all rows of a list are asked for, rather than a page. */
    exportFormat?: ExportFormat;
  }
}

/**
 * Whether the client asks for an export. The handler then returns all rows, in batches that are read when they are asked
 * for: `AsyncIterable<readonly Row[]>`.
 */
export const AsExport = createParamDecorator(
  (_: unknown, context: ExecutionContext) =>
    context.switchToHttp().getRequest<FastifyRequest>().exportFormat !== undefined,
);

/** What the document says of exports. */
export const EXPORT_NOTE = `With \`Accept: ${EXPORT_FORMATS.map(({ mediaType }) => mediaType).join('` or `')}\`, all of it; \`limit\` and \`cursor\` are refused then.`;

export const EXPORT_CONTENT = Object.fromEntries(
  EXPORT_FORMATS.map(({ mediaType }) => [mediaType, { schema: { type: 'string' } }]),
);
