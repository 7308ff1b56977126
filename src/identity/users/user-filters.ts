import type { Filters } from '../../platform/database/keyset.js';
import { filtersOf as resourceFilters } from '../../platform/database/resource-filters.js';
import type { ListUsersQuery } from './user.dto.js';
import { User } from './user.entity.js';

/** What `q` looks for in `e-mail name`, without regard to case; one of the two must match. */
export type Patterns = readonly [string, string];

/** As many hits of a search are sorted in a few milliseconds; more are met on the way through the index of the sort. */
export const FEW_HITS = 2000;

/** Trigrams serve three letters and more; fewer are looked for at the beginning of a word, which they serve too. */
export function patternsOf(q: string): Patterns {
  const literal = q.replace(/[\\%_]/g, '\\$&');
  return [...q].length >= 3 ? [`%${literal}%`, `%${literal}%`] : [`${literal}%`, `% ${literal}%`];
}

/** The WHERE of a list, and the FROM where that is not the table: each filter is one condition that an index serves. */
export function filtersOf(
  query: ListUsersQuery,
  search?: { patterns: Patterns; fewHits: boolean },
): Filters & { from?: string } {
  const { conditions, parameters } = resourceFilters(
    User,
    { ...query, q: undefined },
    { email: (email) => `lower(email) = lower(${email})` },
  );
  if (!search) return { conditions, parameters };
  const values = [...parameters, ...search.patterns];
  const [first, second] = [`$${values.length - 1}`, `$${values.length}`];
  // Twice as many as were counted a moment ago: some may have been added since.
  if (search.fewHits)
    return { from: `users_like(${first}, ${second}, ${2 * FEW_HITS})`, conditions, parameters: values };
  const text = `(email || ' ' || full_name)`;
  return {
    conditions: [...conditions, `(${text} ILIKE ${first} OR ${text} ILIKE ${second})`],
    parameters: values,
  };
}
