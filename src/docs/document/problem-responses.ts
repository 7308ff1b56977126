import { PROBLEM_CODES, PROBLEMS } from '../../http/problems/problem-catalogue.js';
import type { ProblemCode } from '../../http/problems/problem-catalogue.js';
import { Problem, problemBody } from '../../http/problems/problem.js';
import type { ProblemBody } from '../../http/problems/problem.js';
import { headerReferences } from './headers.js';
import type { Components, Operation, Response } from './types.js';

/** Fastify refuses these before the rate limit is asked. */
const BEFORE_THE_LIMIT = new Set([413, 415]);

/** The body that a problem has, as the error page and the document show it. */
export function exampleProblem(code: ProblemCode, publicUrl: string): ProblemBody {
  const { errors } = PROBLEMS[code];
  return problemBody(new Problem(code, undefined, errors && { errors }), {
    path: '/v1/products',
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    publicUrl,
  });
}

/** The error answers of an operation by status, as references to components that operations share. */
export function problemResponses(
  codes: readonly ProblemCode[],
  components: Components,
  publicUrl: string,
): Operation['responses'] {
  const byStatus = Map.groupBy(codes, (code) => PROBLEMS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => {
      const name = group.join('-');
      components.responses = { ...components.responses, [name]: problemResponse(status, group) };
      const examples = group.map((code) => [
        code,
        { summary: PROBLEMS[code].title, value: exampleProblem(code, publicUrl) },
      ]);
      components.examples = {
        ...components.examples,
        ...(Object.fromEntries(examples) as Components['examples']),
      };
      return [String(status), { $ref: `#/components/responses/${name}` }];
    }),
  );
}

function problemResponse(status: number, codes: readonly ProblemCode[]): Response {
  const examples = Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]));
  return {
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].meaning}`).join('\n\n'),
    headers: headersOf(status, codes),
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' }, examples } },
  };
}

function headersOf(status: number, codes: readonly ProblemCode[]): Response['headers'] {
  return headerReferences(
    'X-Request-Id',
    ...(BEFORE_THE_LIMIT.has(status) ? [] : ['RateLimit-Policy', 'RateLimit']),
    ...(status === 401 || codes.includes('insufficient_scope') ? ['WWW-Authenticate'] : []),
    ...(status === 429 || status === 503 ? ['Retry-After'] : []),
  );
}

export const PROBLEM_SCHEMAS: NonNullable<Components['schemas']> = {
  Problem: {
    type: 'object',
    description: 'An error (RFC 9457). Branch on `code`; `detail` is for people and may change.',
    required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'trace_id'],
    properties: {
      type: { type: 'string', format: 'uri', description: 'A page that explains the code.' },
      title: { type: 'string' },
      status: { type: 'integer', minimum: 400, maximum: 599 },
      detail: { type: 'string' },
      instance: { type: 'string', description: 'The path of the request.' },
      code: { type: 'string', enum: PROBLEM_CODES },
      errors: { type: 'array', items: { $ref: '#/components/schemas/FieldError' } },
      mfa_token: {
        type: 'string',
        description: 'With `mfa_required` only: send it to `POST /v1/auth/login/confirm`.',
      },
      expires_in: {
        type: 'integer',
        description: 'With `mfa_required` only: the seconds until `mfa_token` expires.',
      },
      trace_id: {
        type: 'string',
        pattern: '^[0-9a-f]{32}$',
        description: 'Include it when you report the problem.',
      },
    },
  },
  FieldError: {
    type: 'object',
    description: 'An error in one value, with its place in the body, its query parameter or its header.',
    required: ['code', 'message'],
    minProperties: 3,
    maxProperties: 3,
    properties: {
      pointer: { type: 'string', description: 'A JSON pointer (RFC 6901) into the body.' },
      parameter: { type: 'string', description: 'The name of a query parameter.' },
      header: { type: 'string', description: 'The name of a header.' },
      code: { type: 'string' },
      message: { type: 'string' },
    },
  },
};
