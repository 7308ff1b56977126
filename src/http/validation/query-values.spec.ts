import { plainToInstance } from 'class-transformer';
import { describe, expect, it } from 'vitest';
import { FromBoolean, FromDecimal, FromInteger } from './query-values.js';

function read(decorate: PropertyDecorator, value: unknown): unknown {
  class Holder {
    value?: unknown;
  }
  decorate(Holder.prototype, 'value');
  return plainToInstance(Holder, { value }).value;
}

describe('query values', () => {
  it.each([
    ['0', 0],
    ['20', 20],
    ['007', 7],
    ['1e1', '1e1'],
    ['0x10', '0x10'],
    ['1.0', '1.0'],
    ['-1', '-1'],
    ['+1', '+1'],
    [' 1', ' 1'],
    ['', ''],
    ['٣', '٣'],
    ['9999999999', '9999999999'],
    [
      ['1', '2'],
      ['1', '2'],
    ],
  ])('an integer: %j becomes %j', (text, value) => {
    expect(read(FromInteger(), text)).toEqual(value);
  });

  it.each([
    ['0', 0],
    ['12.5', 12.5],
    ['99999999.99', 99_999_999.99],
    ['1e1', '1e1'],
    ['.5', '.5'],
    ['5.', '5.'],
    ['-1', '-1'],
    ['1,5', '1,5'],
    ['NaN', 'NaN'],
    ['Infinity', 'Infinity'],
    ['', ''],
  ])('a decimal: %j becomes %j', (text, value) => {
    expect(read(FromDecimal(), text)).toEqual(value);
  });

  it.each([
    ['true', true],
    ['false', false],
    ['0', '0'],
    ['1', '1'],
    ['', ''],
    ['TRUE', 'TRUE'],
    [
      ['true', 'true'],
      ['true', 'true'],
    ],
  ])('a boolean: %j becomes %j', (text, value) => {
    expect(read(FromBoolean(), text)).toEqual(value);
  });
});
