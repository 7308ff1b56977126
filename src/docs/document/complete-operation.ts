import { exampleExports } from './export-examples.js';
import { commonHeaders, headerReferences, REQUEST_HEADERS } from './headers.js';
import { operationsOf, isReference } from './types.js';
import type { Components, Method, Operation, RequestBody, Response } from './types.js';
import { problemsOf } from './operation-problems.js';
import { problemResponses } from './problem-responses.js';
import { exampleOf } from './schema-example.js';

type Described = ReturnType<typeof operationsOf>[number];

/** Adds what follows from an operation's shape: its errors, its headers, and examples of what goes in and out. */
export function completeOperation(
  { method, operation }: Described,
  components: Components,
  publicUrl: string,
): void {
  // An empty list says 'public'; nothing at all would say 'as the whole document'.
  operation.security ??= [];
  operation.description = [operation.description, scopeNote(operation)].filter(Boolean).join('\n\n');
  const problems = problemResponses(problemsOf(operation), components, publicUrl);
  for (const response of Object.values(operation.responses)) {
    if (response && !isReference(response)) completeAnswer(response, components);
  }
  if (method === 'get') allowRevalidation(operation);
  if (operation.requestBody) completeBody(method, operation.requestBody as RequestBody, components);
  operation.parameters = operation.parameters?.map((parameter) =>
    !isReference(parameter) && parameter.in === 'header' && REQUEST_HEADERS[parameter.name]
      ? { $ref: `#/components/parameters/${parameter.name}` }
      : parameter,
  );
  operation.responses = { ...operation.responses, ...problems };
}

function scopeNote({ security = [] }: Operation): string {
  const scopes = security.flatMap((requirement) => Object.values(requirement).flat());
  return [...new Set(scopes)].map((scope) => `Requires the scope \`${scope}\`.`).join(' ');
}

function completeAnswer(response: Response, components: Components): void {
  response.headers = { ...response.headers, ...commonHeaders() };
  exampleExports(response, components);
  for (const media of Object.values(response.content ?? {})) {
    if (media.schema) media.example ??= exampleOf(media.schema, components.schemas);
  }
}

/** What has an ETag can be revalidated with it. */
function allowRevalidation(operation: Operation): void {
  const answer = operation.responses['200'];
  if (!answer || isReference(answer) || !answer.headers?.['ETag']) return;
  operation.parameters = [...(operation.parameters ?? []), { $ref: '#/components/parameters/If-None-Match' }];
  operation.responses['304'] = { $ref: '#/components/responses/not_modified' };
}

function completeBody(method: Method, body: RequestBody, components: Components): void {
  for (const [type, media] of Object.entries(body.content)) {
    // The library shows all examples for each media type; those of an upload are named after theirs.
    if (media.examples?.[type]) media.examples = { [type]: media.examples[type] };
    if (media.examples) continue;
    if (media.schema) media.example ??= exampleOf(media.schema, components.schemas);
  }
  const json = body.content['application/json'];
  if (method === 'patch' && json) body.content['application/merge-patch+json'] = structuredClone(json);
}

export const NOT_MODIFIED: Response = {
  description: 'You have the current version; there is no body.',
  headers: { ...headerReferences('ETag'), ...commonHeaders() },
};
