import { Injectable, ValidationPipe } from '@nestjs/common';
import type { ArgumentMetadata } from '@nestjs/common';
import { validateSync } from 'class-validator';
import type { ValidationError, ValidatorOptions } from 'class-validator';
import { BoundedMap } from '../bounded-map.js';
import { invalid, Problem } from '../problems/problem.js';
import type { FieldError } from '../problems/problem.js';
import { inspectInput, toPointer } from './input-inspection.js';

/** Carries the findings of class-validator out of Nest's pipe. */
class InvalidInput extends Error {
  constructor(readonly findings: ValidationError[]) {
    super('Invalid input');
  }
}

/**
 * Holds bodies and queries to their DTOs: unknown names are refused, nothing is converted silently (a query parameter
 * says itself how its text becomes a value), and every finding is named with its place.
 */
@Injectable()
export class InputPipe extends ValidationPipe {
  /** Clients ask the same lists again and again: what a query became is kept, for each DTO by its text. */
  private readonly queries = new Map<ArgumentMetadata['metatype'], BoundedMap<unknown>>();

  constructor() {
    super({
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
      stopAtFirstError: true,
      transform: true,
      transformOptions: { enableImplicitConversion: false, exposeDefaultValues: true },
      validationError: { target: false, value: true },
      exceptionFactory: (findings) => new InvalidInput(findings),
    });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'query') return this.transformQuery(value, metadata);
    return metadata.type === 'body' ? this.check(value, metadata) : value;
  }

  /** None of the validators waits for anything. */
  protected override validate(object: object, options?: ValidatorOptions): ValidationError[] {
    return validateSync(object, options);
  }

  private async transformQuery(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const kept = this.keptFor(metadata.metatype);
    const text = JSON.stringify(value);
    const known = kept.get(text);
    if (known !== undefined) return known;
    const query = Object.freeze(await this.check(value, metadata));
    if (text.length <= MAX_KEPT_LENGTH) kept.set(text, query);
    return query;
  }

  /** By the class, not its name: two features may call their DTOs the same. */
  private keptFor(dto: ArgumentMetadata['metatype']): BoundedMap<unknown> {
    const kept = this.queries.get(dto) ?? new BoundedMap<unknown>(MAX_KEPT_QUERIES);
    this.queries.set(dto, kept);
    return kept;
  }

  private async check(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const locate = metadata.type === 'body' ? inBody : inQuery;
    if (metadata.type === 'body') requireObject(value);
    const bad = inspectInput(value, locate);
    if (bad.length > 0) throw invalid(bad);
    try {
      return await super.transform(value, metadata);
    } catch (error) {
      if (error instanceof InvalidInput)
        throw invalid(error.findings.flatMap((found) => toErrors(found, [], locate)));
      throw error;
    }
  }
}

const MAX_KEPT_QUERIES = 1000;
const MAX_KEPT_LENGTH = 500;

type Locate = (path: readonly string[]) => { pointer: string } | { parameter: string };

const inBody: Locate = (path) => ({ pointer: toPointer(path) });
const inQuery: Locate = (path) => ({ parameter: path[0]?.toWellFormed() ?? '' });

function requireObject(body: unknown): void {
  if (body === undefined) throw new Problem('malformed_request', 'A JSON body is required.');
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalid([{ pointer: '', code: 'type', message: 'the body must be a JSON object' }]);
  }
}

function toErrors(finding: ValidationError, parents: readonly string[], locate: Locate): FieldError[] {
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
    return { code: 'unknown_field', message: `${finding.property} is not known here` };
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
};

/** Short, stable and in snake_case: `isIn` -> `enum`, `isEmail` -> `email`. */
function toCode(constraint: string): string {
  const short = constraint.replace(/^is(?=[A-Z])/, '');
  return CODES[constraint] ?? short.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
}
