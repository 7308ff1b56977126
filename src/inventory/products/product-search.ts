/** What separates words in the SQL function `products_words`, too: spaces, control characters and punctuation. */
const SEPARATORS = /[\p{Cc} !-/:-@[-`{-~\u00a0\u00ab\u00b7\u00bb\u00d7\u2000-\u206f\u3000-\u3003\ufeff]+/u;

const SKU = /^[A-Za-z0-9._-]{1,64}$/;
/** Letters with digits, or either with a separator: `HMR-04`, `A4`, but no plain word or number. */
const CODE = /[A-Za-z0-9][._-]|[._-][A-Za-z0-9]|[A-Za-z][0-9]|[0-9][A-Za-z]/;

/** A word of a search, as the text search knows it. */
export interface Term {
  readonly text: string;
  /** Operands of a `tsquery`: one of them has to be in a product. */
  readonly alternatives: readonly string[];
}

/** The words of a search, each once. All punctuation is left out, and so are all operators of a `tsquery`. */
export function wordsOf(text: string): string[] {
  return [...new Set(text.split(SEPARATORS).filter((word) => word !== ''))];
}

export function termOf(text: string): Term {
  return { text, alternatives: [operandOf(text)] };
}

/** A word that may go on: to any word that begins like it, or to one of those stems. */
export function openTermOf(text: string, stems: readonly string[]): Term {
  const shorter = stems.filter((stem) => !stem.startsWith(text));
  return { text, alternatives: [`${operandOf(text)}:*`, ...shorter.map(operandOf)] };
}

/** The terms with similar words as further alternatives; none if there are no similar words. */
export function withSimilar(terms: readonly Term[], similar: ReadonlyMap<string, readonly string[]>): Term[] {
  if ([...similar.values()].every((words) => words.length === 0)) return [];
  return terms.map(({ text, alternatives }) => ({
    text,
    alternatives: [...alternatives, ...(similar.get(text) ?? []).map(operandOf)],
  }));
}

/** A `tsquery` for products that have all terms; empty if there are none. */
export function toTsQuery(terms: readonly Term[]): string {
  return terms.map(({ alternatives }) => `(${alternatives.join(' | ')})`).join(' & ');
}

/** Skus to begin with, from one to another one in lower case: all that begin like a code, or this very sku. */
export function skusLike(q: string): readonly [from: string, to: string] | undefined {
  const text = q.trim().toLowerCase();
  if (!SKU.test(text)) return undefined;
  // A tilde comes after everything that a sku may have.
  return [text, CODE.test(text) ? `${text}~` : text];
}

function operandOf(word: string): string {
  return `'${word.replace(/['\\]/g, '$&$&')}'`;
}
