import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvLine } from './csv.js';
import { restore } from './formula-cells.js';

describe('csvLine', () => {
  it.each([
    [['a', 'b'], 'a,b'],
    [[null, '', undefined], ',"",'],
    [['one, two', 'say "hi"', '"'], '"one, two","say ""hi""",""""'],
    [['two\nlines', 'two\r\nlines', '\r'], `"two\nlines","two\r\nlines","'\r"`],
    [[' spaces ', 'tab\tinside', 'ü 漢 🙂'], ' spaces ,tab\tinside,ü 漢 🙂'],
    [['=1+1', '-5', "'=1", '＝1', '\t=1'], "'=1+1,'-5,''=1,'＝1,'\t=1"],
    [['=HYPERLINK("http://x","y")'], `"'=HYPERLINK(""http://x"",""y"")"`],
    [['=1,2', '+\n'], `"'=1,2","'+\n"`],
    [[24.9, -5, 0, true, false], '24.9,-5,0,true,false'],
    [[{ a: 1, b: 'x' }, []], '"{""a"":1,""b"":""x""}",[]'],
  ])('writes %j', (values, line) => expect(csvLine(values)).toBe(`${line}\r\n`));

  it('can be read again: every text as it was, and null', () => {
    const cell = fc.option(
      fc.oneof(
        fc.string({ unit: fc.constantFrom('a', "'", '=', '-', '"', ',', '\r', '\n', '\t', ' ', '🙂') }),
        fc.string({ unit: 'binary' }),
      ),
    );
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1 }), (cells) => {
        expect(read(csvLine(cells))).toEqual(cells);
      }),
    );
  });
});

/** One line by the letter of RFC 4180; an empty cell is null where it is not quoted. */
function read(line: string): (string | null)[] {
  const cells: (string | null)[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n$)/y;
  for (let end = ''; end !== '\r\n';) {
    const match = cell.exec(line);
    if (!match) throw new Error(`No cell at ${cell.lastIndex} of ${line}`);
    const [, quoted, plain] = match;
    end = match[3] ?? '';
    const text = quoted?.replaceAll('""', '"') ?? plain ?? '';
    cells.push(text === '' && quoted === undefined ? null : restore(text));
  }
  return cells;
}
