import { describe, expect, it } from 'vitest';
import { readCsv } from './csv-rows.js';
import { readNdjson } from './ndjson-rows.js';
import type { FileRow, FileRows } from './file-row.js';

async function* piecesOf(text: string): AsyncGenerator<string, undefined> {
  yield await Promise.resolve(text);
}
async function collect(rows: FileRows | Promise<FileRows>): Promise<FileRow[]> {
  const all: FileRow[] = [];
  for await (const some of await rows) all.push(...some);
  return all;
}
const csv = (text: string) => collect(readCsv(piecesOf(text)));
const priceOf = async (cell: string) => {
  const [row] = await csv(`sku,name,price\nA,B,${cell}\n`);
  return row && 'values' in row ? row.values['price'] : undefined;
};

describe('readCsv', () => {
  it.each<[string, unknown]>([
    ['24.90', 24.9],
    ['24.9000', 24.9],
    ['007', 7],
    ['99999999.99', 99_999_999.99],
    ['+5', 5],
    ['-5', -5],
    ['5.', 5],
    ['1.001', 1.001],
    ['123456789', 123_456_789],
    // A number would be near to these only.
    ['99999999.99000000001', 99_999_999.001],
    ['0.1000000000000000000001', 0.001],
    ['1e3', '1e3'],
    ['"1,5"', '1,5'],
    ['$5', '$5'],
    ['0x10', '0x10'],
    ['""', ''],
    ['', undefined],
  ])('reads the price %s as %j', async (cell, value) => {
    expect(await priceOf(cell)).toBe(value);
  });

  it('takes away the apostrophe that an export puts before formulas, and no other', async () => {
    const [row] = await csv(`sku,name,price,description\n'-A,'=1+1,1,"''@x"\n`);
    expect(row).toMatchObject({ values: { sku: '-A', name: '=1+1', description: "'@x" } });
    const [other] = await csv(`sku,name,price,description\nA,'tis,1,''\n`);
    expect(other).toMatchObject({ values: { name: "'tis", description: "''" } });
  });

  it('reads booleans in any case', async () => {
    const rows = await csv('sku,name,price,in_stock\nA,B,1,TRUE\nA,B,1,false\nA,B,1,yes\nA,B,1,\n');
    expect(rows.map((row) => 'values' in row && row.values['in_stock'])).toEqual([
      true,
      false,
      'yes',
      undefined,
    ]);
  });

  it('ignores what only an export has', async () => {
    const [row] = await csv('id,sku,created_at,name,price,updated_at\n1,A,2,B,3,4\n');
    expect(row).toEqual({ line: 2, values: { sku: 'A', name: 'B', price: 3 } });
  });

  it('says of a row with too few or too many cells that it fails', async () => {
    const rows = await csv('sku,name,price\nA,B\nA,B,1,\n');
    const message = (cells: number) => `the row has ${cells} cells, but the header has 3`;
    expect(rows).toEqual([
      { line: 2, error: { field: null, code: 'cells', message: message(2) } },
      { line: 3, error: { field: null, code: 'cells', message: message(4) } },
    ]);
  });
});

describe('readNdjson', () => {
  it('reads an object from each line', async () => {
    const rows = await collect(
      readNdjson(piecesOf('{"sku":"A","id":1,"created_at":1,"updated_at":1}\r\n\n  \n[]\n{"a"\nnull')),
    );
    expect(rows).toEqual([
      { line: 1, values: { sku: 'A' } },
      { line: 4, error: { field: null, code: 'type', message: 'the line must be a JSON object' } },
      { line: 5, error: { field: null, code: 'json', message: 'the line is not JSON' } },
      { line: 6, error: { field: null, code: 'type', message: 'the line must be a JSON object' } },
    ]);
  });
});
