import { Injectable, ValidationPipe } from '@nestjs/common';
import type { ArgumentMetadata } from '@nestjs/common';
import { validateSync } from 'class-validator';
import type { ValidationError, ValidatorOptions } from 'class-validator';
import { LRUCache } from 'lru-cache';
import { invalid, Problem } from '../problems/problem.js';
import { inBody, inQuery, toErrors, TRANSFORMATION, VALIDATION } from './findings.js';
import { inspectInput } from './input-inspection.js';

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
  private readonly queries = new Map<ArgumentMetadata['metatype'], LRUCache<string, object>>();

  constructor() {
    super({
      ...VALIDATION,
      transform: true,
      transformOptions: TRANSFORMATION,
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
    const query = Object.freeze((await this.check(value, metadata)) as object);
    if (text.length <= MAX_KEPT_LENGTH) kept.set(text, query);
    return query;
  }

  /** By the class, not its name: two features may call their DTOs the same. */
  private keptFor(dto: ArgumentMetadata['metatype']): LRUCache<string, object> {
    const kept = this.queries.get(dto) ?? new LRUCache<string, object>({ max: MAX_KEPT_QUERIES });
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

function requireObject(body: unknown): void {
  if (body === undefined) throw new Problem('malformed_request', 'A JSON body is required.');
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalid([{ pointer: '', code: 'type', message: 'the body must be a JSON object' }]);
  }
}
