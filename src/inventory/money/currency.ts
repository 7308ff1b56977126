import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { buildMessage, ValidateBy } from 'class-validator';

/** The codes of ISO 4217 that are in use, as the runtime's locale data knows them. */
const CURRENCIES = new Set(Intl.supportedValuesOf('currency'));

/** An ISO 4217 code in capitals: `USD`. */
export function IsCurrency(): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ pattern: '^[A-Z]{3}$' }),
    ValidateBy({
      name: 'currency',
      validator: {
        validate: (value) => typeof value === 'string' && CURRENCIES.has(value),
        defaultMessage: buildMessage((each) => `${each}$property must be an ISO 4217 code such as USD`),
      },
    }),
  );
}
