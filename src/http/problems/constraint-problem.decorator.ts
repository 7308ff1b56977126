import { PROBLEMS } from './problem-catalogue.js';
import type { ProblemCode } from './problem-catalogue.js';

const problems = new Map<string, ProblemCode>();

/** On an entity: what it means to clients when this unique constraint or index of its table is violated. */
export const ConstraintProblem =
  (constraint: string, code: ProblemCode): ClassDecorator =>
  () => {
    if (PROBLEMS[code].status !== 409) throw new Error(`${code} is no conflict, which ${constraint} finds`);
    problems.set(constraint, code);
  };

/** `conflict` for a constraint that no entity has declared. */
export function problemOfConstraint(constraint: unknown): ProblemCode {
  return problems.get(String(constraint)) ?? 'conflict';
}
