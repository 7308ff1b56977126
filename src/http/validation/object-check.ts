import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync } from 'class-validator';
import type { FieldError } from '../problems/problem.js';
import { inBody, toErrors, TRANSFORMATION, VALIDATION } from './findings.js';
import { inspectInput, isStorable } from './input-inspection.js';

type Holds = (value: unknown, object: object) => boolean;

/** What the decorators of one field say: where all of `if` hold, all of `then` must. */
interface FieldRules {
  readonly name: string;
  readonly if: Holds[];
  readonly then: Holds[];
}

type Dto = new () => object;

/**
 * Holds many plain objects to a DTO of single values, by the very decorators that hold a body to it. class-validator
 * takes some 30 us for each; hence good ones pass by the decorators' functions alone, and only the others are given to it.
 */
export class ObjectCheck {
  private readonly fields: readonly FieldRules[];
  private readonly names: ReadonlySet<string>;

  constructor(private readonly dto: Dto) {
    this.fields = rulesOf(dto);
    this.names = new Set(this.fields.map(({ name }) => name));
  }

  /** What a body with these values would be refused for. */
  errorsOf(object: Readonly<Record<string, unknown>>): FieldError[] {
    return this.passes(object) ? [] : this.explain(object);
  }

  private passes(object: Readonly<Record<string, unknown>>): boolean {
    for (const name in object) {
      if (!this.names.has(name)) return false;
    }
    for (const rules of this.fields) {
      const value = object[rules.name];
      if (typeof value === 'string' && !isStorable(value)) return false;
      if (allHold(rules.if, value, object) && !allHold(rules.then, value, object)) return false;
    }
    return true;
  }

  private explain(object: Readonly<Record<string, unknown>>): FieldError[] {
    const bad = inspectInput(object, inBody);
    if (bad.length > 0) return bad;
    const findings = validateSync(plainToInstance(this.dto, object, TRANSFORMATION), VALIDATION);
    return findings.flatMap((finding) => toErrors(finding, [], inBody));
  }
}

/** Without a closure for each value, which would be most of the memory that a check takes. */
function allHold(rules: readonly Holds[], value: unknown, object: object): boolean {
  for (const holds of rules) {
    if (!holds(value, object)) return false;
  }
  return true;
}

function rulesOf(dto: Dto): FieldRules[] {
  const storage = getMetadataStorage();
  const fields = new Map<string, FieldRules>();
  for (const metadata of storage.getTargetValidationMetadatas(dto, '', false, false)) {
    const { propertyName: name, constraintCls, constraints, type } = metadata;
    const field = fields.get(name) ?? { name, if: [], then: [] };
    fields.set(name, field);
    if (type === 'conditionalValidation') {
      const [condition] = constraints as [(object: object, value: unknown) => boolean];
      field.if.push((value, object) => condition(object, value));
      continue;
    }
    // Of what class-validator tells a validator besides the value, ours and its own want the constraints only.
    const rest = {
      property: name,
      constraints: (constraints as unknown[] | undefined) ?? [],
      targetName: dto.name,
    };
    for (const { instance } of storage.getTargetValidatorConstraints(constraintCls)) {
      const details = { ...rest, value: undefined, object: {} };
      field.then.push((value) => instance.validate(value, details) === true);
    }
  }
  return [...fields.values()];
}
