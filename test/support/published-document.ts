import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv';
import addFormatsModule from 'ajv-formats';
import { inject } from 'vitest';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: unknown;
}

interface Document {
  paths: Record<string, Record<string, { responses: Record<string, Reference | Response_> } | undefined>>;
  components: { responses: Record<string, Response_> };
}
interface Reference {
  $ref: string;
}
interface Response_ {
  content?: Record<string, unknown>;
  headers?: Record<string, unknown>;
}

// The module is CommonJS, and its types say that its default is not callable.
const addFormats = addFormatsModule as unknown as (ajv: Ajv2020) => Ajv2020;

let loaded: { document: Document; ajv: Ajv2020; validators: Map<string, ValidateFunction> } | undefined;

/**
 * Holds an answer to the OpenAPI document that the built service publishes: its status must be documented for the
 * operation, and its body must fit the schema of its media type.
 */
export function assertAsDocumented(method: string, url: string, answer: Answer): void {
  const { document } = load();
  const path = url.split('?', 1)[0] ?? '';
  const template = templateOf(document, path);
  const verb = method === 'HEAD' ? 'get' : method.toLowerCase();
  const operation = template === undefined ? undefined : document.paths[template]?.[verb];
  // What is not an operation is answered 404 or 405, or is a page for people.
  if (template === undefined || !operation) return;
  const name = `${method} ${template} -> ${answer.status}`;
  const found = operation.responses[String(answer.status)];
  if (!found) throw new Error(`${name} is not documented: ${answer.text.slice(0, 300)}`);
  const mediaType = answer.headers.get('content-type')?.split(';', 1)[0] ?? '';
  const { pointer, response } = resolve(document, found, [template, verb, answer.status]);
  if (answer.text === '') return;
  if (!response.content?.[mediaType]) throw new Error(`${name} is not documented as ${mediaType}`);
  const validate = validatorOf(`${pointer}/content/${escape(mediaType)}/schema`);
  if (!validate(answer.body ?? answer.text)) {
    throw new Error(
      `${name} does not fit its schema: ${JSON.stringify(validate.errors)}\n${answer.text.slice(0, 300)}`,
    );
  }
}

function load() {
  if (loaded) return loaded;
  const document = JSON.parse(inject('openApiDocument')) as Document;
  const ajv = addFormats(new Ajv2020({ strict: false, allErrors: true }));
  ajv.addSchema(document, 'openapi');
  loaded = { document, ajv, validators: new Map() };
  return loaded;
}

/** `/v1/users/me` before `/v1/users/{id}`. */
function templateOf({ paths }: Document, path: string): string | undefined {
  if (paths[path]) return path;
  const segments = path.split('/');
  return Object.keys(paths).find((template) => {
    const parts = template.split('/');
    return (
      parts.length === segments.length &&
      parts.every((part, at) => part.startsWith('{') || part === segments[at])
    );
  });
}

function resolve(
  { components }: Document,
  found: Reference | Response_,
  [template, verb, status]: [string, string, number],
): { pointer: string; response: Response_ } {
  if (!('$ref' in found)) {
    return { pointer: `#/paths/${escape(template)}/${verb}/responses/${status}`, response: found };
  }
  const name = found.$ref.split('/').at(-1) ?? '';
  return { pointer: found.$ref, response: components.responses[name] ?? {} };
}

function validatorOf(pointer: string): ValidateFunction {
  const { ajv, validators } = load();
  const validate = validators.get(pointer) ?? ajv.compile({ $ref: `openapi${pointer}` });
  validators.set(pointer, validate);
  return validate;
}

/** RFC 6901, within a URI fragment. */
function escape(name: string): string {
  return encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'));
}
