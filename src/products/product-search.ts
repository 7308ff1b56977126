/** Where a search looks: at words, or at similar spelling where no product has those words. */
export type SearchMode = 'words' | 'similar';

/**
 * A search as it is carried out. Few hits are fetched through the search index and sorted; many are met soon enough on
 * the way through the index of the sort.
 */
export interface Search {
  readonly mode: SearchMode;
  readonly term: string;
  readonly fewHits: boolean;
}

/** As many hits are sorted in a few milliseconds. */
export const FEW_HITS = 2000;

interface SearchSql {
  /** Through the search index: the matching products, at most `max`. */
  readonly hits: (term: string, max: number) => string;
  /** The same as a condition. */
  readonly condition: (term: string) => string;
}

export const SEARCH_SQL: Readonly<Record<SearchMode, SearchSql>> = {
  words: {
    hits: (term, max) => `products_with_words(${term}, ${max})`,
    condition: (term) => `search @@ (to_tsquery('english', ${term}) || to_tsquery('simple', ${term}))`,
  },
  similar: {
    hits: (term, max) => `products_like(${term}, ${max})`,
    condition: (term) => `${term} <% (name || ' ' || sku)`,
  },
};

/**
 * The words of a search as text for `to_tsquery`: all must occur, and the last may be unfinished. Everything but letters
 * and digits separates words, so no operator of the query language comes through. Empty if there is no word in it.
 */
export function toTsQuery(text: string): string {
  const words = text.match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.map((word, index) => (index === words.length - 1 ? `'${word}':*` : `'${word}'`)).join(' & ');
}
