import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { PROBLEM_CODES } from '../../src/http/problems/problem-catalogue.js';
import { collectRoutes } from '../support/routes.js';
import type { Route } from '../support/routes.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

interface Media {
  schema?: object;
  example?: unknown;
  examples?: Record<string, unknown>;
}
interface Operation {
  operationId?: string;
  summary?: string;
  description?: string;
  security?: Record<string, string[]>[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { $ref?: string; description?: string; content?: Record<string, Media> }>;
}

/** Pages for people, and what they are made of. */
const NO_OPERATIONS = [
  'GET /account/account.css',
  'GET /account/account.js',
  'GET /account/reset-password',
  'GET /account/verify-email',
  'GET /docs',
  'GET /docs/assets/:name',
  'GET /docs/errors',
  'GET /redoc',
];

const document = JSON.parse(inject('openApiDocument')) as {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { responses: Record<string, { content?: Record<string, Media> }>; examples?: object };
};

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    name: `${method.toUpperCase()} ${path}`,
    operation,
  })),
);

let app: TestApp;
let routes: Route[];

beforeAll(async () => {
  app = await startTestApp();
  routes = collectRoutes(app.app);
});
afterAll(() => app.close());

describe('the published document', () => {
  it('describes every route of the application, and no other', () => {
    const described = operations.map(({ name }) => name).sort();
    const served = routes
      .map(({ method, path }) => `${method} ${path}`)
      .filter((name) => !NO_OPERATIONS.includes(name))
      .map((name) => name.replaceAll(/:(\w+)/g, '{$1}'))
      .sort();
    expect(described).toEqual(served);
  });

  it('names every operation once', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('says of each operation who may call it', () => {
    for (const { method, path, rule } of routes) {
      const operation = document.paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
      if (!operation) continue;
      const name = `${method} ${path}`;
      if (rule?.kind === 'public') expect(operation.security, name).toEqual([]);
      else {
        const scopes = rule?.kind === 'scope' ? [rule.scope] : [];
        expect(operation.security, name).toEqual([{ bearer: scopes }, { api_key: scopes }]);
      }
    }
  });

  it.each(operations)('explains $name', ({ operation }) => {
    expect(operation.summary).toMatch(/\w/);
    expect(operation.description).toMatch(/\w/);
    for (const media of Object.values(operation.requestBody?.content ?? {})) expectExample(media);
    for (const [status, response] of Object.entries(operation.responses)) {
      const { content } = resolve(response);
      for (const media of Object.values(content ?? {})) expectExample(media);
      if (Number(status) >= 400) expect(Object.keys(content ?? {})).toEqual(['application/problem+json']);
    }
  });

  it('gives an example of every problem that a client can meet', () => {
    const exampled = JSON.stringify(document);
    // These are answered where there is no operation, or by the router.
    const elsewhere = ['method_not_allowed'];
    const missing = PROBLEM_CODES.filter(
      (code) => !elsewhere.includes(code) && !exampled.includes(`#${code}"`),
    );
    expect(missing).toEqual(['forbidden']);
  });
});

function resolve(response: { $ref?: string; content?: Record<string, Media> }) {
  const name = response.$ref?.split('/').at(-1);
  return name === undefined ? response : (document.components.responses[name] ?? {});
}

function expectExample({ example, examples }: Media): void {
  expect(example ?? Object.values(examples ?? {})[0]).toBeDefined();
}
