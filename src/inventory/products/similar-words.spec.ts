import { describe, expect, it } from 'vitest';
import { mayBeTypo, meantBy } from './similar-words.js';

describe('meantBy', () => {
  it.each([
    ['hamer', 'hammer', 'a letter left out'],
    ['hammmer', 'hammer', 'a letter too many'],
    ['hanmer', 'hammer', 'another letter'],
    ['hmamer', 'hammer', 'two letters that changed places'],
    ['tnet', 'tent', 'the same in a short word'],
    ['scrwdirver', 'screwdriver', 'two slips in a long word'],
    ['scrwdriver', 'screwdriv', 'a slip that keeps the text search from taking the ending away'],
    ['insulatd', 'insul', 'a slip in the ending itself'],
    ['cermaic', 'ceram', 'one before it'],
    ['größse', 'größe', 'letters beyond ASCII'],
    ['😀😀😀😀', '😀😀😀', 'characters of two units'],
  ])('takes %j for %j: %s', (typed, word) => {
    expect(meantBy(typed, [word])).toEqual([word]);
  });

  it.each([
    ['hammer', 'hammer', 'the same'],
    ['hammer', 'hammock', 'three slips'],
    ['hmaer', 'hammer', 'two slips in a short word'],
    ['hammer', 'ham', 'the rest of a short stem'],
    ['screwdriver', 'driver', 'a part'],
  ])('does not take %j for %j: %s', (typed, word) => {
    expect(meantBy(typed, [word])).toEqual([]);
  });

  it('is stricter with a word that there is', () => {
    expect(meantBy('blanket', ['blank', 'blankey'])).toEqual(['blank', 'blankey']);
    expect(meantBy('blanket', ['blanket', 'blank', 'blankey'])).toEqual(['blankey']);
  });

  it('keeps the order of the words, and not too many', () => {
    const words = Array.from({ length: 26 }, (_, index) => `hamm${String.fromCharCode(97 + index)}r`);
    expect(meantBy('hammer', ['hammers', ...words])).toEqual(
      ['hammers', ...words].filter((word) => word !== 'hammer').slice(0, 20),
    );
  });
});

describe('mayBeTypo', () => {
  it.each([
    ['hamr', true],
    ['ham', false],
    ['0450', false],
    ['hmr450', false],
    ['größe', true],
  ])('of %j: %s', (word, may) => {
    expect(mayBeTypo(word)).toBe(may);
  });
});
