import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defuse, restore } from './formula-cells.js';

const FORMULAS = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1+1', '＋1', '－1', '＠SUM(A1)'];

/** Texts that hit the rule far more often than any text does. */
const trickyText = fc.string({ unit: fc.constantFrom("'", '=', '-', '@', '\t', '\r', '\n', '＝', 'a', ' ') });

describe('defuse', () => {
  it.each(FORMULAS)('puts an apostrophe before %j', (cell) => expect(defuse(cell)).toBe(`'${cell}`));

  it.each(["'=1", "''-1", "'''@a"])('puts one more before %j', (cell) =>
    expect(defuse(cell)).toBe(`'${cell}`),
  );

  it.each(['', 'hammer', 'a=b', "'", "''", "'quoted'", ' =1', '1-2'])('leaves %j alone', (cell) =>
    expect(defuse(cell)).toBe(cell),
  );

  it('leaves no cell that begins as a formula', () => {
    fc.assert(fc.property(trickyText, (cell) => !/^[=+\-@\t\r\n＝＋－＠]/.test(defuse(cell))));
  });
});

describe('restore', () => {
  it.each(['=1', 'hammer', "'", "'quoted'", ''])('leaves %j, which is not defused, alone', (cell) =>
    expect(restore(cell)).toBe(cell),
  );

  it('gives back what was defused, whatever it was', () => {
    fc.assert(
      fc.property(
        fc.oneof(trickyText, fc.string({ unit: 'binary' })),
        (cell) => restore(defuse(cell)) === cell,
      ),
    );
  });
});
