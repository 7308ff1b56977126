import type { OpenAPIObject } from '@nestjs/swagger';
import { isReference, nameOf, operationsOf } from './types.js';
import type { Components, Method, Operation, RequestBody, Schema, SchemaOrReference } from './types.js';

/** What the schemas of OpenAPI 3.1 and of this API say that the library does not know. */
export function refineSchemas(document: OpenAPIObject, components: Components): void {
  for (const { method, operation } of operationsOf(document)) {
    refineParameters(operation);
    shareTitledSchemas(operation, components);
    if (operation.requestBody) refineBody(method, operation.requestBody as RequestBody, components);
  }
  for (const schema of Object.values(components.schemas ?? {})) refine(schema);
}

/** A parameter with a default may be left out. */
function refineParameters(operation: Operation): void {
  for (const parameter of operation.parameters ?? []) {
    if (isReference(parameter) || !parameter.schema || isReference(parameter.schema)) continue;
    if (parameter.schema.default !== undefined) parameter.required = false;
    refine(parameter.schema);
  }
}

function shareTitledSchemas(operation: Operation, components: Components): void {
  for (const response of Object.values(operation.responses)) {
    if (!response || isReference(response)) continue;
    for (const media of Object.values(response.content ?? {})) {
      if (!media.schema || isReference(media.schema) || media.schema.title === undefined) continue;
      const { title, ...schema } = media.schema;
      components.schemas = { ...components.schemas, [title]: schema };
      media.schema = { $ref: `#/components/schemas/${title}` };
    }
  }
}

/** Unknown fields are refused, and a merge patch leaves alone what it does not name: it has no defaults. */
function refineBody(method: Method, body: RequestBody, components: Components): void {
  body.required = true;
  for (const { schema } of Object.values(body.content)) {
    const named = schema && isReference(schema) ? components.schemas?.[nameOf(schema)] : schema;
    if (!named || isReference(named) || !named.properties) continue;
    named.additionalProperties = false;
    if (method !== 'patch') continue;
    for (const [name, property] of Object.entries(named.properties)) {
      named.properties[name] = { ...property };
      Reflect.deleteProperty(named.properties[name], 'default');
    }
  }
}

function refine(schema: SchemaOrReference): void {
  if (isReference(schema)) return;
  // In 3.1 an exclusive bound is a number of its own; the library writes the boolean of 3.0.
  if (schema.exclusiveMinimum === true) {
    Object.assign(schema, { exclusiveMinimum: schema.minimum });
    delete schema.minimum;
  }
  // Validators that divide in binary would refuse 19.99 as a multiple of 0.01.
  if (schema.multipleOf !== undefined && schema.multipleOf < 1) delete schema.multipleOf;
  // The library takes our decorator for another one of that name; there is no such format.
  if (schema.format === 'currency') delete schema.format;
  if (schema.properties) {
    schema.properties = inReadingOrder(schema.properties);
    Object.values(schema.properties).forEach(refine);
  }
  if (schema.items) refine(schema.items);
}

/** The id first and the times last; the library begins with whatever has a decorator. */
function inReadingOrder(properties: NonNullable<Schema['properties']>): NonNullable<Schema['properties']> {
  const place = (name: string) => (name === 'id' ? 0 : name.endsWith('_at') ? 2 : 1);
  return Object.fromEntries(Object.entries(properties).sort(([a], [b]) => place(a) - place(b)));
}
