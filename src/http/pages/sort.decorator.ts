import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';

/** The sort of a list: one of these columns, with `-` before it for descending. */
export const IsSort = (...columns: readonly string[]): PropertyDecorator => {
  const sorts = columns.flatMap((column) => [column, `-${column}`]);
  return applyDecorators(IsIn(sorts), ApiProperty({ enum: sorts }));
};
