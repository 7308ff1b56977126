import { describe, expect, it } from 'vitest';
import { Product } from '../../inventory/products/product.entity.js';
import { filtersOf } from './resource-filters.js';

describe('filtersOf', () => {
  it('leaves out deleted products, and nothing else, without filters of its own', () => {
    expect(filtersOf(Product, { limit: 20, sort: 'name', cursor: 'x', sku: undefined })).toEqual({
      conditions: ['deleted_at IS NULL'],
      parameters: [],
    });
  });

  it('joins all filters, with each value as a parameter', () => {
    const { conditions, parameters } = filtersOf(Product, {
      sku: 'A-1',
      currency: 'EUR',
      in_stock: false,
      min_price: 0,
      max_price: 12.5,
      created_after: '2026-03-01T10:30:00+01:00',
      created_before: '2026-03-02T00:00:00.123456Z',
    });
    expect(conditions).toEqual([
      'deleted_at IS NULL',
      'sku = $1',
      'currency = $2',
      'NOT in_stock',
      'price >= $3',
      'price <= $4',
      'created_at > $5',
      'created_at < $6',
    ]);
    expect(parameters).toEqual([
      'A-1',
      'EUR',
      0,
      12.5,
      '2026-03-01T09:30:00Z',
      '2026-03-02T00:00:00.123456Z',
    ]);
  });

  it('takes special conditions for fields that are not compared with a column', () => {
    const special = { email: (value: string) => `lower(email) = lower(${value})` };
    expect(filtersOf(Product, { sku: 'A-1', email: 'a@b.c' }, special)).toEqual({
      conditions: ['deleted_at IS NULL', 'sku = $1', 'lower(email) = lower($2)'],
      parameters: ['A-1', 'a@b.c'],
    });
  });

  it('names a field that is no column', () => {
    expect(() => filtersOf(Product, { colour: 'red' })).toThrow(
      'products has no column for the filter colour',
    );
  });
});
