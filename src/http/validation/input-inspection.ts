import type { FieldError } from '../problems/problem.js';

/** Deeper than any body of the contract, and shallow enough for the recursive libraries behind us. */
const MAX_DEPTH = 16;

/** More than any body of the contract holds, and few enough to be checked one by one. */
const MAX_VALUES = 10_000;

/**
 * Finds what no value of a request may hold, before any library walks it: text that PostgreSQL or UTF-8 cannot carry
 * (NUL, lone surrogates), keys that pollute prototypes, nesting and numbers of values without end. Iterative, hence
 * safe for any depth.
 */
export function inspectInput(
  root: unknown,
  locate: (path: readonly string[]) => FieldErrorSource,
): FieldError[] {
  const errors: FieldError[] = [];
  const queue: { value: unknown; path: readonly string[] }[] = [{ value: root, path: [] }];
  let values = 0;
  for (let next = queue.pop(); next && errors.length < 20; next = queue.pop()) {
    const { value, path } = next;
    if (typeof value === 'string' && !isStorable(value)) {
      errors.push({
        ...locate(path),
        code: 'text',
        message: `${nameOf(path)} must not contain NUL or unpaired surrogates`,
      });
    }
    if (typeof value !== 'object' || value === null) continue;
    if (path.length >= MAX_DEPTH) {
      errors.push({ ...locate(path), code: 'depth', message: `${nameOf(path)} is nested too deeply` });
      continue;
    }
    const entries = Object.entries(value);
    values += entries.length;
    if (values > MAX_VALUES) {
      const message = `${nameOf([])} contains more than ${MAX_VALUES} values`;
      return [{ ...locate([]), code: 'size', message }];
    }
    for (const [key, child] of entries) {
      const childPath = [...path, key];
      if (isInherited(key) || !isStorable(key)) {
        errors.push({
          ...locate(childPath),
          code: 'unknown_field',
          message: `${JSON.stringify(key)} is unknown`,
        });
      } else if (typeof child === 'string' || typeof child === 'object') {
        queue.push({ value: child, path: childPath });
      }
    }
  }
  return errors;
}

/** Names that every object has: `__proto__`, `constructor`, `toString`. Libraries would reach into the prototype, or skip them. */
function isInherited(key: string): boolean {
  return key in Object.prototype || key === 'prototype';
}

type FieldErrorSource = { pointer: string } | { parameter: string };

/** RFC 6901: `~` and `/` inside of a name are escaped. */
export function toPointer(path: readonly string[]): string {
  return path
    .map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('')
    .toWellFormed();
}

export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000');
}

function nameOf(path: readonly string[]): string {
  return path.length === 0 ? 'the body' : path.join('.').toWellFormed();
}
