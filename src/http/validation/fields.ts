import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { buildMessage, ValidateBy, ValidateIf } from 'class-validator';

/** The field may be left out; unlike `@IsOptional`, an explicit null is still checked (and mostly refused). */
export const OptionalField = () => ValidateIf((_, value) => value !== undefined);

/** The field may be left out or null. */
export const NullableField = () => ValidateIf((_, value) => value !== undefined && value !== null);

/** Text of `min` to `max` characters, counted as PostgreSQL counts them (code points: an emoji is one). */
export function IsText(min: number, max: number): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ minLength: min, maxLength: max }),
    ValidateBy({
      name: 'type',
      validator: {
        validate: (value) => typeof value === 'string',
        defaultMessage: buildMessage((each) => `${each}$property must be text`),
      },
    }),
    ValidateBy({
      name: 'length',
      constraints: [min, max],
      validator: {
        validate: (value) => isText(value, min, max),
        defaultMessage: buildMessage(
          (each) => `${each}$property must be text of ${min} to ${max} characters`,
        ),
      },
    }),
  );
}

function isText(value: unknown, min: number, max: number): boolean {
  if (typeof value !== 'string' || value.length > max * 2) return false;
  // Counting takes long, and is needed only where it depends on how many characters are pairs of surrogates.
  if (value.length <= max && value.length >= min * 2) return true;
  const length = [...value].length;
  return length >= min && length <= max;
}

/** RFC 3339 date and time with an offset, such as `2026-03-01T09:30:00Z`, that exists in the calendar. */
export function IsTimestamp(): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ format: 'date-time' }),
    ValidateBy({
      name: 'timestamp',
      validator: {
        validate: isTimestamp,
        defaultMessage: buildMessage(
          (each) => `${each}$property must be an RFC 3339 time such as 2026-03-01T09:30:00Z`,
        ),
      },
    }),
  );
}

const TIMESTAMP =
  /^(\d{4})-(\d{2})-(\d{2})T(?:[01]\d|2[0-3]):\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/i;

export function isTimestamp(value: unknown): boolean {
  const match = typeof value === 'string' ? TIMESTAMP.exec(value) : null;
  if (!match) return false;
  const [, year = 0, month = 1, day = 1] = match.map(Number);
  // The calendar ends where the spelling does, also once the offset is taken off.
  const utcYear = new Date(value as string).getUTCFullYear();
  return year > 0 && day <= daysIn(year, month) && utcYear > 0 && utcYear < 10_000;
}

/** A time (held to be one by `@IsTimestamp`) that is yet to come. */
export function IsFuture(): PropertyDecorator {
  return ValidateBy({
    name: 'future',
    validator: {
      validate: (value) => typeof value === 'string' && Date.parse(value) > Date.now(),
      defaultMessage: buildMessage((each) => `${each}$property must be in the future`),
    },
  });
}

/** The same instant in UTC, exactly: PostgreSQL knows no offsets beyond 15:59, and a `Date` no fractions of a millisecond. */
export function toUtc(timestamp: string): string {
  const [fraction = ''] = /\.\d+/.exec(timestamp) ?? [];
  return new Date(timestamp.replace(fraction, '')).toISOString().replace('.000Z', `${fraction}Z`);
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}
