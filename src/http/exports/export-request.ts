import type { FastifyRequest } from 'fastify';
import { invalid, Problem } from '../problems/problem.js';
import type { ResponseDto } from '../responses/returns.decorators.js';
import { codingFor } from './compression.js';
import type { Coding } from './compression.js';
import { exportFormatFor } from './export-formats.js';
import type { ExportFormat } from './export-formats.js';

/** What a list says that can be exported. */
export interface ExportDeclaration {
  /** Of the file that it is offered as: `products` becomes `products-2026-03-01.csv`. */
  readonly name: string;
  /** The fields of the response, in the order of the columns. */
  readonly columns: readonly string[];
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set when all rows of a list are asked for, rather than a page. */
    exportFormat?: ExportFormat;
  }
}

export const EXPORT = 'stockroom:export';

/** What `@ReturnsExportablePage` keeps as metadata of the handler. */
export interface Exportable extends ExportDeclaration {
  readonly dto: ResponseDto<unknown>;
}

/** An export that a client asks for. */
export interface ExportRequest extends Exportable {
  readonly format: ExportFormat;
  readonly coding: Coding;
}

/**
 * @returns undefined where the client asks for a page
 * @throws Problem `validation_failed`, `not_acceptable`
 */
export function exportRequestOf(exportable: Exportable, request: FastifyRequest): ExportRequest | undefined {
  const format = exportFormatFor(request.headers.accept);
  if (!format) return undefined;
  refusePaging(request.query as object);
  const coding = codingFor(request.headers['accept-encoding']);
  if (!coding) throw new Problem('not_acceptable', 'No encoding in Accept-Encoding is available.');
  return { ...exportable, format, coding };
}

/** By what was sent: the defaults of a page are no wish of the client. */
function refusePaging(query: object): void {
  const sent = ['limit', 'cursor'].filter((name) => Object.hasOwn(query, name));
  if (sent.length === 0) return;
  const message = 'is not allowed with exports, which return all rows';
  throw invalid(
    sent.map((name) => ({ parameter: name, code: 'not_for_exports', message: `${name} ${message}` })),
  );
}
