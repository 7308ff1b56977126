import { expect, it } from 'vitest';
import { exampleOf } from './schema-example.js';

it('prefers what a schema says, and follows references', () => {
  const schemas = {
    Product: {
      type: 'object',
      properties: {
        id: { type: 'string', format: 'uuid' },
        name: { type: 'string', example: 'Claw hammer' },
        currency: { type: 'string', default: 'USD' },
        note: { type: ['string', 'null'] },
        price: { type: 'number', minimum: 0.01 },
      },
    },
  };
  expect(exampleOf({ type: 'array', items: { $ref: '#/components/schemas/Product' } }, schemas)).toEqual([
    {
      id: '0198c0de-7a11-7b3c-9d4e-5f60718293a4',
      name: 'Claw hammer',
      currency: 'USD',
      note: 'text',
      price: 0.01,
    },
  ]);
});
