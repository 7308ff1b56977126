import { describe, expect, it } from 'vitest';
import { Problem } from '../../http/problems/problem.js';
import { checkReturnTo, withOutcome } from './return-to.js';

const ORIGINS = ['https://shop.example.com', 'http://localhost:5173'];

function codeOf(value: string): string | undefined {
  try {
    checkReturnTo(value, ORIGINS);
  } catch (error) {
    return error instanceof Problem ? error.errors?.[0]?.code : String(error);
  }
  return undefined;
}

describe('checkReturnTo', () => {
  it.each([
    ['https://shop.example.com', 'https://shop.example.com/'],
    ['https://shop.example.com/a/../b?x=1&y=%20', 'https://shop.example.com/b?x=1&y=%20'],
    ['HTTPS://SHOP.example.com:443/x', 'https://shop.example.com/x'],
    ['http://localhost:5173/x', 'http://localhost:5173/x'],
    ['https:\\\\shop.example.com\\x', 'https://shop.example.com/x'],
    ['https://shop.example.com//evil.example', 'https://shop.example.com//evil.example'],
  ])('takes %s as browsers understand it', (value, expected) => {
    expect(checkReturnTo(value, ORIGINS)).toBe(expected);
  });

  it.each([
    'https://shop.example.com@evil.example',
    'https://shop.example.com:443@evil.example/',
    'https://user@shop.example.com/',
    'https://:password@shop.example.com/',
    '//shop.example.com',
    '//evil.example',
    '/\\evil.example',
    '/path',
    'https://shop.example.com.evil.example/',
    'https://evil.example/https://shop.example.com',
    'https://evil.example?https://shop.example.com',
    'https://evil.example\\@shop.example.com',
    'https://evil.example%2f@shop.example.com/',
    'https://shop.example.com:8443/',
    'http://shop.example.com/',
    'https://localhost:5173/',
    'https://shop.example.co',
    'https://xn--shop-example.com/',
    'javascript:alert(1)//https://shop.example.com',
    'data:text/html,x',
    'blob:https://shop.example.com/7b3c',
    'null',
    'shop.example.com',
    '',
  ])('refuses %s', (value) => {
    expect(codeOf(value)).toBe('origin');
  });

  it('has no origin that is allowed when none is', () => {
    expect(() => checkReturnTo('https://shop.example.com/', [])).toThrow(Problem);
  });

  it('refuses fragments, answers of its own, and what no cookie holds', () => {
    expect(codeOf('https://shop.example.com/#/signed-in')).toBe('fragment');
    expect(codeOf('https://shop.example.com/#')).toBe('fragment');
    expect(codeOf('https://shop.example.com/?code=x')).toBe('reserved');
    expect(codeOf('https://shop.example.com/?x=1&%65rror=')).toBe('reserved');
    expect(codeOf(`https://shop.example.com/${'x'.repeat(1975)}`)).toBeUndefined();
    expect(codeOf(`https://shop.example.com/${'x'.repeat(1976)}`)).toBe('length');
    expect(codeOf(`https://shop.example.com/${'é'.repeat(400)}`)).toBe('length');
  });
});

describe('withOutcome', () => {
  it('keeps the query as it was', () => {
    expect(withOutcome('https://a.example/x?y=%20+%2B&z', { code: 'c' })).toBe(
      'https://a.example/x?y=%20+%2B&z&code=c',
    );
    expect(withOutcome('https://a.example/?', { code: 'c' })).toBe('https://a.example/?code=c');
    expect(withOutcome('https://a.example/', { error: 'e', error_description: 'a & b' })).toBe(
      'https://a.example/?error=e&error_description=a+%26+b',
    );
  });
});
