import type { Sorts } from '../../platform/database/keyset.js';
import type { Product } from './product.entity.js';

/** Rows are read as they are: hydrating entities costs more than the query. */
export const COLUMNS = `id, sku, name, description, price, currency, in_stock AS "inStock", created_at AS "createdAt", updated_at AS "updatedAt", version`;

export const SORTS: Sorts<Product> = {
  created_at: { column: 'created_at', type: 'timestamptz', read: (product) => product.createdAt },
  updated_at: { column: 'updated_at', type: 'timestamptz', read: (product) => product.updatedAt },
  price: { column: 'price', type: 'numeric', read: (product) => product.price },
  name: { column: 'name', type: 'text', read: (product) => product.name },
};
