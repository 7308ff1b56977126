import { isDeepStrictEqual } from 'node:util';
import type { Changes } from './logged-event.entity.js';

/** The fields whose values differ, as `{field: [before, after]}`. */
export function changesBetween<Fields extends Record<string, unknown>>(
  before: Fields,
  after: Fields,
): Changes {
  const names = Object.keys(after).filter((name) => !isDeepStrictEqual(before[name], after[name]));
  return Object.fromEntries(names.map((name) => [name, [before[name], after[name]] as const]));
}
