import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Problem } from '../problems/problem.js';
import { etagOf, matchesEtag, parseIfMatch } from './etag.js';

describe('etagOf', () => {
  it('is a strong validator', () => {
    expect(etagOf(3)).toBe('"v3"');
  });
});

describe('matchesEtag (If-None-Match)', () => {
  it.each(['"v3"', 'W/"v3"', '*', ' * ', '"v1", "v3"', '"v1",W/"v3"', '"v3", "v9"', '"a,b", "v3"'])(
    'knows the version in %s',
    (header) => expect(matchesEtag(header, '"v3"')).toBe(true),
  );

  it.each(['"v2"', 'v3', '', '"v33"', '"V3"', '"x"v3', '**', 'W/"v2", "v4"'])(
    'does not find it in %s',
    (header) => expect(matchesEtag(header, '"v3"')).toBe(false),
  );
});

describe('parseIfMatch', () => {
  it.each([
    [undefined, 'any'],
    ['*', 'any'],
    ['  *  ', 'any'],
    ['"v3"', [3]],
    ['"v3", "v4"', [3, 4]],
    ['"v3","v4" , "other"', [3, 4]],
    ['W/"v3"', []],
    ['"somebody-elses"', []],
    ['""', []],
    ['"v3a"', []],
    ['"v99999999999999999999"', []],
  ])('reads %s as %j', (header, expected) => {
    expect(parseIfMatch(header)).toEqual(expected);
  });

  it.each([
    '',
    ' ',
    'v3',
    '"v3',
    'v3"',
    '"v3" "v4"',
    '*, "v3"',
    '"v3", *',
    'w/"v3"',
    '"v 3"',
    '"v3";',
    "'v3'",
  ])('refuses %j and names the header', (header) => {
    expect.assertions(2);
    try {
      parseIfMatch(header);
    } catch (error) {
      expect(error).toBeInstanceOf(Problem);
      expect(error).toMatchObject({
        code: 'validation_failed',
        errors: [{ header: 'If-Match', code: 'format' }],
      });
    }
  });

  it('answers at once however long the header is', () => {
    // Far longer than a header can be: were it more than so many steps, it would take hours.
    for (const header of [
      '"v1",'.repeat(100_000),
      `${'"v1" '.repeat(100_000)}x`,
      '"'.repeat(500_000),
      ' '.repeat(500_000),
    ]) {
      const parse = () => parseIfMatch(header);
      const untilHanging = () => runInNewContext('parse()', { parse }, { timeout: 120_000 }) as unknown;
      expect(untilHanging).toThrow(Problem);
    }
  });
});
