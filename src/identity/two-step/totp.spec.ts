import { describe, expect, it } from 'vitest';
import { isAppCode, newTotpSecret, stepOf, totpUri } from './totp.js';

/** `12345678901234567890`, the secret of RFC 6238, appendix B. */
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

/** Of appendix B the rows of SHA-1, of whose codes six digits are the last ones of eight (RFC 4226, 5.3). */
const VECTORS = [
  [59, '94287082', 0x1],
  [1111111109, '07081804', 0x23523ec],
  [1111111111, '14050471', 0x23523ed],
  [1234567890, '89005924', 0x273ef07],
  [2000000000, '69279037', 0x3f940aa],
  [20000000000, '65353130', 0x27bc86aa],
] as const;

describe('stepOf', () => {
  it.each(VECTORS)('at %d s knows the code of RFC 6238 %s as that of step %d', (seconds, code, step) => {
    expect(stepOf(SECRET, code.slice(2), seconds * 1000)).toBe(step);
    expect(stepOf(SECRET, code.slice(0, 6), seconds * 1000)).toBeNull();
  });

  // The code of 1111111111 s is that of 1111111110 to 1111111139 s.
  it.each([
    [1111111079, null],
    [1111111080, 0x23523ed],
    [1111111110, 0x23523ed],
    [1111111139, 0x23523ed],
    [1111111140, 0x23523ed],
    [1111111169, 0x23523ed],
    [1111111170, null],
    [1111111200, null],
  ])('takes a code half a minute early or late, and no more: at %d s', (seconds, step) => {
    expect(stepOf(SECRET, '050471', seconds * 1000)).toBe(step);
  });

  it.each(['287 082', '287-082', ' 287082\n'])('reads %j', (code) => {
    expect(stepOf(SECRET, code, 59_000)).toBe(1);
  });

  it.each(['', '28708', '2870822', '94287082', '287082a', '28708２', '２８７０８２', 'é87082'])(
    'refuses %j',
    (code) => {
      expect(stepOf(SECRET, code, 59_000)).toBeNull();
    },
  );

  it('belongs to one secret', () => {
    expect(stepOf(newTotpSecret(), '287082', 59_000)).toBeNull();
  });
});

describe('isAppCode', () => {
  it.each([
    ['287082', true],
    ['287 082', true],
    ['k3f9-x7m2-p8qw-z4tn', false],
    ['0000-0000-0000-0000', false],
    ['28708', false],
    ['', false],
  ])('of %j says %s', (code, expected) => {
    expect(isAppCode(code)).toBe(expected);
  });
});

describe('newTotpSecret', () => {
  it('has 160 bits, others each time', () => {
    const secrets = Array.from({ length: 20 }, newTotpSecret);
    for (const secret of secrets) expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(new Set(secrets).size).toBe(20);
  });
});

describe('totpUri', () => {
  it('names issuer, account, secret and parameters', () => {
    const uri = new URL(totpUri(SECRET, 'grace@example.com'));
    expect(uri.protocol + uri.host + uri.pathname).toBe('otpauth:totp/Stockroom:grace%40example.com');
    expect(Object.fromEntries(uri.searchParams)).toEqual({
      issuer: 'Stockroom',
      secret: SECRET,
      algorithm: 'SHA1',
      digits: '6',
      period: '30',
    });
  });

  it.each(['a+b%41@example.com', 'a&secret=AAAA@example.com', 'a?b#c/d:e@example.com', '"ü"@example.com'])(
    'keeps %j one account',
    (email) => {
      const uri = new URL(totpUri(SECRET, email));
      expect(decodeURIComponent(uri.pathname)).toBe(`/Stockroom:${email}`);
      expect([...uri.searchParams.keys()]).toEqual(['issuer', 'secret', 'algorithm', 'digits', 'period']);
      expect(uri.searchParams.get('secret')).toBe(SECRET);
      expect(uri.hash).toBe('');
    },
  );
});
