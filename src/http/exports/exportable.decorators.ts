import { applyDecorators, createParamDecorator, SetMetadata, UseInterceptors } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ReturnsPage } from '../responses/returns.decorators.js';
import type { ResponseDto } from '../responses/returns.decorators.js';
import { EXPORT_FORMATS } from './export-formats.js';
import { EXPORT } from './export-request.js';
import type { ExportDeclaration } from './export-request.js';
import { ExportInterceptor } from './export.interceptor.js';

const MEDIA_TYPES = EXPORT_FORMATS.map(({ mediaType }) => mediaType);

/** The names of all fields of a response; the compiler sees to it that none is missing. */
export function exportColumnsOf<Dto>(fields: Record<keyof Dto, true>): readonly string[] {
  return Object.keys(fields);
}

/**
 * Whether the client asks for an export. The handler then returns all rows, in batches that are read when they are asked
 * for: `AsyncIterable<readonly Row[]>`.
 */
export const AsExport = createParamDecorator(
  (_: unknown, context: ExecutionContext) =>
    context.switchToHttp().getRequest<FastifyRequest>().exportFormat !== undefined,
);

/** Like `@ReturnsPage`, and with an `Accept` of CSV or NDJSON all rows of the list; for a handler that has an `@AsExport()`. */
export const ReturnsExportablePage = (dto: ResponseDto, declaration: ExportDeclaration) =>
  applyDecorators(
    ReturnsPage(dto, {
      mediaTypes: MEDIA_TYPES,
      note: `With \`Accept: ${MEDIA_TYPES.join('` or `')}\`, the whole list; \`limit\` and \`cursor\` are then refused.`,
      headers: ['Content-Disposition'],
    }),
    SetMetadata(EXPORT, { dto, ...declaration }),
    UseInterceptors(ExportInterceptor),
  );
