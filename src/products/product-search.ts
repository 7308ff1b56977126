/** A search as it is carried out: by words, or by similar spelling where no product has those words. */
export interface Search {
  readonly mode: 'words' | 'similar';
  readonly text: string;
}

/** What a product must fulfil; a GIN index serves each. */
export const SEARCH_CONDITIONS: Readonly<Record<Search['mode'], (parameter: string) => string>> = {
  words: (text) => `search @@ (to_tsquery('english', ${text}) || to_tsquery('simple', ${text}))`,
  similar: (text) => `${text} <% (name || ' ' || sku)`,
};

/**
 * The words of a search as text for `to_tsquery`: all must occur, and the last may be unfinished. Everything but letters
 * and digits separates words, so no operator of the query language comes through. Empty if there is no word in it.
 */
export function toTsQuery(text: string): string {
  const words = text.match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.map((word, index) => (index === words.length - 1 ? `'${word}':*` : `'${word}'`)).join(' & ');
}
