import type { OpenAPIObject } from '@nestjs/swagger';

/* The library exports the whole document's type, not those of its parts. */

export type PathItem = OpenAPIObject['paths'][string];
export type Operation = NonNullable<PathItem['get']>;
export type Components = NonNullable<OpenAPIObject['components']>;
export type Reference = { $ref: string };
export type Response = Exclude<NonNullable<Operation['responses'][string]>, Reference>;
export type Header = NonNullable<Response['headers']>[string];
export type Media = NonNullable<Response['content']>[string];
export type SchemaOrReference = NonNullable<Media['schema']>;
export type Schema = Exclude<SchemaOrReference, Reference>;
export type Parameter = Exclude<NonNullable<Operation['parameters']>[number], Reference>;
export type RequestBody = Exclude<NonNullable<Operation['requestBody']>, Reference>;

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
export type Method = (typeof METHODS)[number];

/** Every operation of a document, with its method. */
export function operationsOf(document: OpenAPIObject): { method: Method; operation: Operation }[] {
  return Object.values(document.paths).flatMap((path) =>
    METHODS.flatMap((method) => {
      const operation = path[method];
      return operation ? [{ method, operation }] : [];
    }),
  );
}

export function isReference(value: object): value is Reference {
  return '$ref' in value;
}

/** The component that a `$ref` of this document names. */
export function nameOf({ $ref }: Reference): string {
  return $ref.slice($ref.lastIndexOf('/') + 1);
}
