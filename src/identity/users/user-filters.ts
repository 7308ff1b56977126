import type { Filters } from '../../platform/database/keyset.js';
import type { ListUsersQuery } from './user.dto.js';

/** What `q` looks for in `e-mail name`, without regard to case; one of the two must match. */
export type Patterns = readonly [string, string];

/** As many hits of a search are sorted in a few milliseconds; more are met on the way through the index of the sort. */
export const FEW_HITS = 2000;

/** Trigrams serve three letters and more; fewer are looked for at the beginning of a word, which they serve too. */
export function patternsOf(q: string): Patterns {
  const literal = q.replace(/[\\%_]/g, '\\$&');
  return [...q].length >= 3 ? [`%${literal}%`, `%${literal}%`] : [`${literal}%`, `% ${literal}%`];
}

/** The FROM and WHERE of a list: each filter is one condition that an index serves. */
export function filtersOf(
  query: ListUsersQuery,
  search?: { patterns: Patterns; fewHits: boolean },
): Filters & { source: string } {
  const conditions = ['deleted_at IS NULL'];
  const parameters: unknown[] = [];
  const add = (value: unknown, condition: (parameter: string) => string) => {
    if (value !== undefined) conditions.push(condition(`$${parameters.push(value)}`));
  };
  add(query.role, (role) => `role = ${role}`);
  // Written out, as an index covers the inactive ones, who are fewer.
  if (query.is_active !== undefined) conditions.push(query.is_active ? 'is_active' : 'NOT is_active');
  add(query.email, (email) => `lower(email) = lower(${email})`);
  if (!search) return { source: 'users', conditions, parameters };
  const [first, second] = search.patterns.map((pattern) => `$${parameters.push(pattern)}`);
  // Twice as many as were counted a moment ago: some may have been added since.
  if (search.fewHits)
    return { source: `users_like(${first}, ${second}, ${2 * FEW_HITS})`, conditions, parameters };
  const text = `(email || ' ' || full_name)`;
  return {
    source: 'users',
    conditions: [...conditions, `(${text} ILIKE ${first} OR ${text} ILIKE ${second})`],
    parameters,
  };
}
