import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, ValidateBy, ValidateNested } from 'class-validator';

/** A list of `min` to `max` objects, each of which is held to a DTO of its own. */
export function IsListOf(item: new () => object, min: number, max: number): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ type: [item], minItems: min, maxItems: max }),
    Type(() => item),
    ValidateNested({ message: 'this must be an object' }),
    // To class-validator, a list within a list is as good as its members.
    ValidateBy({
      name: 'type',
      validator: {
        validate: (value) => Array.isArray(value) && !value.some(Array.isArray),
        defaultMessage: () => '$property must be a list of objects',
      },
    }),
    ArrayMaxSize(max, { message: `$property must have at most ${max}` }),
    ArrayMinSize(min, { message: `$property must have at least ${min}` }),
    IsArray({ message: '$property must be a list' }),
  );
}
