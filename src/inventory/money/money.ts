import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { buildMessage, ValidateBy } from 'class-validator';

/** The highest price, 99999999.99, in hundredths. */
const MAX_MINOR_UNITS = 9_999_999_999;

/**
 * A JSON number as an exact count of hundredths, or null if it is no amount of money: negative, more than two decimals,
 * too large. It goes by the number's shortest decimal spelling, so 0.1 + 0.2 has too many decimals rather than 30 cents.
 */
export function toMinorUnits(amount: unknown): number | null {
  const match = typeof amount === 'number' ? /^(\d{1,8})(?:\.(\d{1,2}))?$/.exec(String(amount)) : null;
  if (!match) return null;
  const units = Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0'));
  return units <= MAX_MINOR_UNITS ? units : null;
}

/** The decimal string that a `numeric` column with two decimals holds: `1250` -> `12.50`. */
export function toDecimal(minorUnits: number): string {
  const digits = String(minorUnits).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** A decimal string of the database as an exact count of hundredths: `12.50` -> `1250`. */
export function fromDecimal(decimal: string): number {
  return Number(decimal.replace('.', ''));
}

/** The JSON number for a decimal string: exact, as 15 digits fit a double and its shortest spelling is the same amount. */
export function toAmount(decimal: string): number {
  return Number(decimal);
}

/** A price as clients send it: a JSON number greater than 0, with at most two decimals, at most 99999999.99. */
export function IsPrice(): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ minimum: 0, exclusiveMinimum: true, maximum: MAX_AMOUNT, multipleOf: 0.01 }),
    amount('min', (value) => value > 0, 'must be greater than 0'),
    ...LIMITS,
  );
}

/** A bound for prices: like a price, but it may be 0. */
export function IsPriceBound(): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ minimum: 0, maximum: MAX_AMOUNT, multipleOf: 0.01 }),
    amount('min', (value) => value >= 0, 'must be 0 or more'),
    ...LIMITS,
  );
}

const MAX_AMOUNT = 99_999_999.99;

/** The first that fails is told; what is no number at all fails the last only. */
const LIMITS = [
  amount('max', (value) => value <= MAX_AMOUNT, 'must be at most 99999999.99'),
  amount('decimals', (value) => toMinorUnits(value) !== null, 'must have at most 2 decimals'),
  ValidateBy({
    name: 'type',
    validator: {
      validate: (value) => typeof value === 'number',
      defaultMessage: buildMessage((each) => `${each}$property must be a number`),
    },
  }),
];

function amount(name: string, holds: (value: number) => boolean, message: string): PropertyDecorator {
  return ValidateBy({
    name,
    validator: {
      validate: (value) => typeof value !== 'number' || holds(value),
      defaultMessage: buildMessage((each) => `${each}$property ${message}`),
    },
  });
}
