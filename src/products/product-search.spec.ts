import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toTsQuery } from './product-search.js';

describe('toTsQuery', () => {
  it.each([
    ['hammer', "'hammer':*"],
    ['claw hammer', "'claw' & 'hammer':*"],
    ['  claw   hammer  ', "'claw' & 'hammer':*"],
    ['TOOL-HMR-0450', "'TOOL' & 'HMR' & '0450':*"],
    ['größe 12', "'größe' & '12':*"],
    ['金槌', "'金槌':*"],
    ["o'clock", "'o' & 'clock':*"],
    ['a & b | !c <-> (d:*)', "'a' & 'b' & 'c' & 'd':*"],
    ["x'); DROP TABLE products; --", "'x' & 'DROP' & 'TABLE' & 'products':*"],
    ['?!', ''],
    ['', ''],
  ])('reads %j as %j', (text, query) => {
    expect(toTsQuery(text)).toBe(query);
  });

  it('lets nothing of the query language through, whatever is asked', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        expect(toTsQuery(text)).toMatch(/^$|^'[\p{L}\p{N}]+'( & '[\p{L}\p{N}]+')*:\*$/u);
      }),
    );
  });
});
