import type { ProblemBody } from '../../src/http/problems/problem.js';
import { assertAsDocumented } from './published-document.js';

export interface ApiResponse<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Body;
}

export type Headers_ = Readonly<Record<string, string>>;

/** A client as anybody would write one: real HTTP, JSON in and out. */
export class ApiClient {
  constructor(
    private readonly url: string,
    private readonly headers: Headers_ = {},
  ) {}

  withToken(token: string): ApiClient {
    return this.with({ authorization: `Bearer ${token}` });
  }

  with(headers: Headers_): ApiClient {
    return new ApiClient(this.url, { ...this.headers, ...headers });
  }

  get<Body = Any>(path: string, headers?: Headers_): Promise<ApiResponse<Body>> {
    return this.send('GET', path, undefined, headers);
  }

  post<Body = Any>(path: string, body?: unknown, headers?: Headers_): Promise<ApiResponse<Body>> {
    return this.send('POST', path, body, headers);
  }

  put<Body = Any>(path: string, body?: unknown, headers?: Headers_): Promise<ApiResponse<Body>> {
    return this.send('PUT', path, body, headers);
  }

  patch<Body = Any>(path: string, body?: unknown, headers?: Headers_): Promise<ApiResponse<Body>> {
    return this.send('PATCH', path, body, headers);
  }

  delete<Body = Any>(path: string, headers?: Headers_): Promise<ApiResponse<Body>> {
    return this.send('DELETE', path, undefined, headers);
  }

  /** A body that is text or bytes is sent as it is; anything else as JSON. */
  async send<Body = Any>(
    method: string,
    path: string,
    body?: unknown,
    headers: Headers_ = {},
  ): Promise<ApiResponse<Body>> {
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...this.headers,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && {
        body: raw ? (body as NonNullable<RequestInit['body']>) : JSON.stringify(body),
      }),
    });
    const text = await response.text();
    const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '') && text !== '';
    const answer = {
      status: response.status,
      headers: response.headers,
      text,
      body: (isJson ? JSON.parse(text) : undefined) as Body,
    };
    for (const check of CHECKS) check(method, path, answer);
    return answer;
  }
}

/** A resource, a page or a problem: what a test expects of it, it says by its assertions. */
export type Any = Record<string, unknown> &
  ProblemBody & { data: Record<string, unknown>[] } & {
    id: string;
    next_cursor: string | null;
  };

type Check = (method: string, path: string, answer: ApiResponse<unknown>) => void;

/** Run on every answer; they throw when it breaks a promise that all answers make. */
const CHECKS: Check[] = [hasRequestId, isProblemIfError, assertAsDocumented];

function hasRequestId(method: string, path: string, { headers }: ApiResponse<unknown>): void {
  if (!headers.get('x-request-id')) throw new Error(`${method} ${path}: the answer has no X-Request-Id`);
}

function isProblemIfError(
  method: string,
  path: string,
  { status, headers, body, text }: ApiResponse<unknown>,
): void {
  if (status < 400 || (method === 'HEAD' && text === '')) return;
  const problem = body as Partial<ProblemBody> | undefined;
  const isProblem =
    headers.get('content-type')?.startsWith('application/problem+json') &&
    problem?.status === status &&
    /^[0-9a-f]{32}$/.test(problem.trace_id ?? '') &&
    problem.type?.endsWith(`#${String(problem.code)}`);
  if (!isProblem)
    throw new Error(`${method} ${path}: ${status} is no problem document: ${text.slice(0, 300)}`);
}
