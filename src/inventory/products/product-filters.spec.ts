import { describe, expect, it } from 'vitest';
import { ListProductsQuery } from './product.dto.js';
import { filtersOf } from './product-filters.js';

const query = (filters: Partial<ListProductsQuery>) => Object.assign(new ListProductsQuery(), filters);

describe('filtersOf', () => {
  it('leaves out deleted products, and nothing else, without filters of its own', () => {
    expect(filtersOf(query({ q: 'hammer' }))).toEqual({ conditions: ['deleted_at IS NULL'], parameters: [] });
  });

  it('joins all filters, with each value as a parameter', () => {
    const { conditions, parameters } = filtersOf(
      query({
        sku: 'A-1',
        currency: 'EUR',
        in_stock: false,
        min_price: 0,
        max_price: 12.5,
        created_after: '2026-03-01T10:30:00+01:00',
        created_before: '2026-03-02T00:00:00.123456Z',
      }),
    );
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
});
