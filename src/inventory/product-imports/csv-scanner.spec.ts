import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsvScanner, MAX_RECORD } from './csv-scanner.js';
import type { Cell } from './csv-scanner.js';

/** Everything in the pieces, as one after the other comes. */
function scan(...pieces: string[]) {
  const scanner = new CsvScanner();
  return [...pieces.flatMap((piece) => [...scanner.push(piece)]), ...scanner.end()];
}
const cellsOf = (...pieces: string[]) => scan(...pieces).map(({ cells }) => cells);

describe('CsvScanner', () => {
  it.each<[string, Cell[][]]>([
    ['', []],
    ['a', [['a']]],
    ['a,b\n', [['a', 'b']]],
    [
      'a,b\r\nc,d\r\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'a,b\r\nc,d\r',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['a,,"",b', [['a', null, '', 'b']]],
    [',', [[null, null]]],
    ['"a""b","c,d","e\r\nf"\n', [['a"b', 'c,d', 'e\r\nf']]],
    ['""""', [['"']]],
    ['"a"', [['a']]],
    ['"a"\r', [['a']]],
    ['"",\n', [['', null]]],
    ['\n\r\na\n\n', [['a']]],
    ['""\n', [['']]],
    ['a\rb,c', [['a\rb', 'c']]],
    [' a , "b" '.replaceAll('"', ''), [[' a ', ' b ']]],
  ])('takes %j apart', (text, cells) => {
    expect(cellsOf(text)).toEqual(cells);
    expect(cellsOf(...text)).toEqual(cells);
  });

  it('knows the line that each record begins in', () => {
    const text = 'h\n"a\n\nb",c\n\nd\r\n"e"\nf';
    expect(scan(text).map(({ line }) => line)).toEqual([1, 2, 6, 7, 8]);
    expect(scan(...text).map(({ line }) => line)).toEqual([1, 2, 6, 7, 8]);
  });

  it.each([
    ['a\n"b', 2, 'a quote is never closed'],
    ['a\nb"c"', 2, 'a cell that contains a quote must be quoted as a whole'],
    ['a\n"b"c,d\n', 2, 'a cell that contains a quote must be quoted as a whole'],
    ['"b" ,c', 1, 'a cell that contains a quote must be quoted as a whole'],
    ['"a"""\n"b""', 2, 'a quote is never closed'],
  ])('refuses %j', (text, line, reason) => {
    const fault = { code: 'quotes', message: `In the record that starts on line ${line}, ${reason}.` };
    expect(() => scan(text)).toThrow(expect.objectContaining(fault));
    expect(() => scan(...text)).toThrow(expect.objectContaining(fault));
  });

  it.each(['x', '"', '"x\n'])('refuses a record of %j without end as soon as it is too long', (text) => {
    const scanner = new CsvScanner();
    const piece = text.padEnd(65_536, 'x');
    let pushed = 0;
    const pushAll = () => {
      for (; pushed < 10 * MAX_RECORD; pushed += piece.length)
        Array.from(scanner.push(pushed === 0 ? piece : 'x'.repeat(65_536)));
    };
    expect(pushAll).toThrow(expect.objectContaining({ code: 'row_size' }));
    expect(pushed).toBeLessThan(2 * MAX_RECORD);
    expect(() => scan(`${'x'.repeat(MAX_RECORD + 1)}\n`)).toThrow(
      expect.objectContaining({ code: 'row_size' }),
    );
    expect(scan(`${'x'.repeat(MAX_RECORD - 1)}\n`)).toHaveLength(1);
  });

  it('reads whatever a simple writer writes, however it is cut into pieces', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', "'", 'é', '😀', ' ') });
    const cell = fc.oneof(fc.constant(null), text);
    // A record of a single empty cell is an empty line.
    const record = fc.array(cell, { minLength: 2, maxLength: 5 });
    const cuts = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(record), fc.constantFrom('\n', '\r\n'), cuts, (records, newline, sizes) => {
        const file = records.map((cells) => cells.map(write).join(',') + newline).join('');
        const pieces: string[] = [];
        let at = 0;
        while (at < file.length) {
          const size = sizes[pieces.length % sizes.length] ?? 1;
          pieces.push(file.slice(at, at + size));
          at += size;
        }
        expect(cellsOf(...pieces)).toEqual(records);
      }),
      { numRuns: 1000 },
    );
  });
});

const write = (cell: Cell): string => (cell === null ? '' : `"${cell.replaceAll('"', '""')}"`);
