import { isReference, nameOf } from './types.js';
import type { Components, Schema, SchemaOrReference } from './types.js';

const BY_FORMAT: Readonly<Record<string, string>> = {
  'date-time': '2026-03-01T09:30:00.000Z',
  uuid: '0198c0de-7a11-7b3c-9d4e-5f60718293a4',
  uri: 'https://shop.example.com/hooks',
  email: 'grace@example.com',
};

/** A value of the schema, made of the examples of its properties. */
export function exampleOf(schema: SchemaOrReference, schemas: Components['schemas'] = {}): unknown {
  if (isReference(schema)) return exampleOf(schemas[nameOf(schema)] ?? {}, schemas);
  const given = [schema.example, schema.enum?.[0], schema.default] as unknown[];
  const value = given.find((candidate) => candidate !== undefined);
  if (value !== undefined) return value;
  const [alternative] = schema.oneOf ?? schema.anyOf ?? [];
  if (alternative) return exampleOf(alternative, schemas);
  if (schema.allOf)
    return Object.assign({}, ...schema.allOf.map((part) => exampleOf(part, schemas) as object));
  if (schema.properties) {
    const entries = Object.entries(schema.properties);
    return Object.fromEntries(entries.map(([name, property]) => [name, exampleOf(property, schemas)]));
  }
  return schema.items ? [exampleOf(schema.items, schemas)] : plainExample(schema);
}

function plainExample({ type, format, minimum }: Schema): unknown {
  const [name] = [type].flat();
  if (name === 'string') return BY_FORMAT[format ?? ''] ?? 'text';
  if (name === 'number' || name === 'integer') return minimum ?? 1;
  if (name === 'boolean') return true;
  return {};
}
