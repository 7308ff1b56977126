import { Param } from '@nestjs/common';
import type { PipeTransform } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { Problem } from '../problems/problem.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** An id that is no UUID names no object: 404, as for any other id that nobody has. */
const toId: PipeTransform<string> = {
  transform(value) {
    if (!UUID.test(value)) throw new Problem('not_found');
    return value.toLowerCase();
  },
};

/** The `{id}` of the path, or another id in it. */
export function Id(name = 'id'): ParameterDecorator {
  return (target, key, index) => {
    Param(name, toId)(target, key, index);
    const method = Object.getOwnPropertyDescriptor(target, key as string) as PropertyDescriptor;
    ApiParam({
      name,
      description: 'The id of the object.',
      schema: { type: 'string', format: 'uuid' },
      example: '0198c0de-7a11-7b3c-9d4e-5f60718293a4',
    })(target, key as string, method);
  };
}
