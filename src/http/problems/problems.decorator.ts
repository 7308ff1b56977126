import { applyDecorators } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import { PROBLEM_CODES } from './problem-catalogue.js';
import type { ProblemCode } from './problem-catalogue.js';

/** One extension for each code: repeated uses add up. The published document shows answers instead. */
const extensionOf = (code: ProblemCode) => `x-problem-${code}`;

/**
 * Names problems that an operation can answer beyond those that follow from its shape (body, id, paging); repeated uses
 * add up. The document lists each of them with an example.
 */
export function Problems(...codes: ProblemCode[]): MethodDecorator {
  return applyDecorators(...codes.map((code) => ApiExtension(extensionOf(code), true)));
}

/** Takes the named problems out of a described operation. */
export function takeProblems(operation: object): ProblemCode[] {
  return PROBLEM_CODES.filter((code) => {
    const named = Object.hasOwn(operation, extensionOf(code));
    Reflect.deleteProperty(operation, extensionOf(code));
    return named;
  });
}
