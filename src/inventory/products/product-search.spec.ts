import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openTermOf, skusLike, termOf, toTsQuery, withSimilar, wordsOf } from './product-search.js';

describe('wordsOf', () => {
  it.each([
    ['hammer', ['hammer']],
    ['  claw   hammer\t\n', ['claw', 'hammer']],
    ['TOOL-HMR-0450', ['TOOL', 'HMR', '0450']],
    ['größe 12', ['größe', '12']],
    ['金槌', ['金槌']],
    ["o'clock", ['o', 'clock']],
    ['chef’s “best” 2×4 – «oak»', ['chef', 's', 'best', '2', '4', 'oak']],
    ['a a b a', ['a', 'b']],
    ["x'); DROP TABLE products; --", ['x', 'DROP', 'TABLE', 'products']],
    ['?!', []],
    ['', []],
  ])('finds in %j the words %j', (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });
});

describe('toTsQuery', () => {
  it('asks for all terms, each in one of its forms', () => {
    const terms = [termOf('claw'), openTermOf('insulat', ['insul', 'insulate'])];
    expect(toTsQuery(terms)).toBe("('claw') & ('insulat':* | 'insul')");
  });

  it('is empty without terms', () => {
    expect(toTsQuery([])).toBe('');
  });

  it('lets nothing of the query language through, whatever a word is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const quoted = /^\('((?:[^'\\]|''|\\\\)*)'\)$/su.exec(toTsQuery([termOf(text)]))?.[1];
        expect(quoted?.replace(/''|\\\\/g, (pair) => pair.charAt(0))).toBe(text);
      }),
    );
  });
});

describe('withSimilar', () => {
  it('lets some words be right, and others similar', () => {
    const terms = withSimilar(
      [termOf('stel'), openTermOf('hammer', [])],
      new Map([['stel', ['steel', 'stem']]]),
    );
    expect(toTsQuery(terms)).toBe("('stel' | 'steel' | 'stem') & ('hammer':*)");
  });

  it('is nothing without similar words', () => {
    expect(withSimilar([termOf('a')], new Map([['a', []]]))).toEqual([]);
  });
});

describe('skusLike', () => {
  it.each([
    ['TOOL-HMR', ['tool-hmr', 'tool-hmr~']],
    [' A4 ', ['a4', 'a4~']],
    ['2x', ['2x', '2x~']],
    ['hammer', ['hammer', 'hammer']],
    ['450', ['450', '450']],
    ['...', ['...', '...']],
    ['claw hammer', undefined],
    ['größe', undefined],
    ["a'b", undefined],
    ['x'.repeat(65), undefined],
  ])('takes %j for %j', (q, range) => {
    expect(skusLike(q)).toEqual(range);
  });
});
