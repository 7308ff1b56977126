import type { ValidationError, ValidatorOptions } from 'class-validator';
import type { ClassTransformOptions } from 'class-transformer';
import type { FieldError } from '../problems/problem.js';
import { toPointer } from './input-inspection.js';

/** How everything that comes from outside is held to its DTO. */
export const VALIDATION: ValidatorOptions = {
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  stopAtFirstError: true,
  validationError: { target: false, value: true },
};

export const TRANSFORMATION: ClassTransformOptions = {
  enableImplicitConversion: false,
  exposeDefaultValues: true,
};

export type Locate = (path: readonly string[]) => { pointer: string } | { parameter: string };

export const inBody: Locate = (path) => ({ pointer: toPointer(path) });
export const inQuery: Locate = (path) => ({ parameter: path[0]?.toWellFormed() ?? '' });

/** What class-validator found, as clients see it: the place, a code and a message of each. */
export function toErrors(finding: ValidationError, parents: readonly string[], locate: Locate): FieldError[] {
  const path = [...parents, finding.property];
  const nested = (finding.children ?? []).flatMap((child) => toErrors(child, path, locate));
  const [constraint, message] = Object.entries(finding.constraints ?? {})[0] ?? [];
  if (constraint === undefined || message === undefined) return nested;
  return [{ ...locate(path), ...describe(constraint, message, finding) }, ...nested];
}

function describe(
  constraint: string,
  message: string,
  finding: ValidationError,
): { code: string; message: string } {
  if (constraint === 'whitelistValidation') {
    return { code: 'unknown_field', message: `${finding.property} is unknown` };
  }
  if (finding.value === undefined) return { code: 'required', message: `${finding.property} is required` };
  return { code: toCode(constraint), message };
}

/** What class-validator calls otherwise than the contract; the names of our own decorators are codes already. */
const CODES: Readonly<Record<string, string>> = {
  isString: 'type',
  isBoolean: 'type',
  isInt: 'type',
  isNumber: 'type',
  isArray: 'type',
  isObject: 'type',
  isIn: 'enum',
  matches: 'pattern',
  minLength: 'length',
  maxLength: 'length',
  arrayMinSize: 'size',
  arrayMaxSize: 'size',
  arrayUnique: 'unique',
  isUuid: 'uuid',
  nestedValidation: 'type',
};

/** Short, stable and in snake_case: `isIn` -> `enum`, `isEmail` -> `email`. */
function toCode(constraint: string): string {
  const short = constraint.replace(/^is(?=[A-Z])/, '');
  return CODES[constraint] ?? short.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
}
