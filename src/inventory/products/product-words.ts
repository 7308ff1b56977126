import { openTermOf, termOf, withSimilar, wordsOf } from './product-search.js';
import type { Term } from './product-search.js';
import type { RunQuery } from './product-search.sql.js';
import { mayBeTypo, meantBy } from './similar-words.js';

/** Bounds what one search asks of the vocabulary: further words have to be spelled right. */
const MOST_TERMS = 5;

/** How a word may go on, and have a shorter stem in the end: `insulat` may become `insulated`, whose stem is `insul`. */
const ENDINGS =
  'e s d y n g c l r t le ly on or ng er ed es al ic ion ing ble ive ent able tion ment ness ation'.split(
    ' ',
  );

const TERMS = `
  SELECT text, tsvector_to_array(products_words(text)) AS terms, tsvector_to_array(products_words($2)) AS stems
  FROM unnest($1::text[]) WITH ORDINALITY AS typed (text, n) ORDER BY n`;

/** The nearest by their trigrams. */
const SIMILAR = `
  SELECT text, ARRAY(
    SELECT word FROM product_words WHERE word % text
    GROUP BY word ORDER BY similarity(word, text) DESC, word LIMIT 100) AS words
  FROM unnest($1::text[]) AS text`;

interface TypedWord {
  readonly text: string;
  readonly terms: readonly string[];
  /** Of what it may go on to. */
  readonly stems: readonly string[];
}

/** What a search is for, as the text search knows it. Stop words do not count, unless there is nothing else. */
export async function termsOf(q: string, run: RunQuery): Promise<Term[]> {
  const typed = wordsOf(q);
  const longer = ENDINGS.map((ending) => `${typed.at(-1) ?? ''}${ending}`).join(' ');
  const words = await run<TypedWord>(TERMS, [typed, longer]);
  const areStopWords = words.every(({ terms }) => terms.length === 0);
  return words.flatMap(({ text, terms, stems }, index) =>
    (areStopWords ? [text.toLowerCase()] : terms).map((term) =>
      index < words.length - 1 ? termOf(term) : openTermOf(term, stems),
    ),
  );
}

/** The terms with words of products that they may be typos of; none if they are typos of nothing. */
export async function similarTo(terms: readonly Term[], run: RunQuery): Promise<Term[]> {
  const texts = terms.map(({ text }) => text).filter(mayBeTypo);
  const rows = await run<{ text: string; words: string[] }>(SIMILAR, [texts.slice(0, MOST_TERMS)]);
  const similar = new Map(rows.map(({ text, words }) => [text, meantBy(text, words)]));
  return withSimilar(terms, similar);
}
