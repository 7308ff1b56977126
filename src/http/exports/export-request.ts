import type { FastifyRequest } from 'fastify';
import { invalid, Problem } from '../problems/problem.js';
import type { Answer, ResponseDto } from '../responses/returns.decorators.js';
import { codingFor } from './compression.js';
import type { Coding } from './compression.js';
import type { ExportDeclaration } from './export-declaration.js';
import { exportFormatFor } from './export-formats.js';
import type { ExportFormat } from './export-formats.js';

/** An export that a client asks for. */
export interface ExportRequest extends ExportDeclaration {
  readonly dto: ResponseDto<unknown>;
  readonly format: ExportFormat;
  readonly coding: Coding;
}

/**
 * @returns undefined where no export is asked for, or this list has none
 * @throws Problem `validation_failed`, `not_acceptable`
 */
export function exportRequestOf(answer: Answer, request: FastifyRequest): ExportRequest | undefined {
  if (answer.kind !== 'page' || !answer.exports) return undefined;
  const format = exportFormatFor(request.headers.accept);
  if (!format) return undefined;
  refusePaging(request.query as object);
  const coding = codingFor(request.headers['accept-encoding']);
  if (!coding)
    throw new Problem('not_acceptable', 'There is no answer in a coding that Accept-Encoding takes.');
  return { ...answer.exports, dto: answer.dto, format, coding };
}

/** By what was sent: the defaults of a page are no wish of the client. */
function refusePaging(query: object): void {
  const sent = ['limit', 'cursor'].filter((name) => Object.hasOwn(query, name));
  if (sent.length === 0) return;
  const message = 'is not for exports, which hold all rows';
  throw invalid(
    sent.map((name) => ({ parameter: name, code: 'not_for_exports', message: `${name} ${message}` })),
  );
}
