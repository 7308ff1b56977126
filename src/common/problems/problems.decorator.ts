import type { ProblemCode } from './problem-catalogue.js';

const PROBLEM_CODES_OF_HANDLER = 'stockroom:problems';

/**
 * Names problems that an operation can answer beyond those that follow from its shape (body, id, paging); repeated uses
 * add up. The document lists each of them with an example.
 */
export function Problems(...codes: ProblemCode[]): MethodDecorator {
  return (_target, _key, descriptor) => {
    const handler = descriptor.value as object;
    Reflect.defineMetadata(PROBLEM_CODES_OF_HANDLER, [...problemsOf(handler), ...codes], handler);
  };
}

export function problemsOf(handler: object): ProblemCode[] {
  return (Reflect.getMetadata(PROBLEM_CODES_OF_HANDLER, handler) as ProblemCode[] | undefined) ?? [];
}
