/** The product of a sku, which is SQL, too. */
export const productOf = (sku: string): string =>
  `SELECT * FROM products WHERE sku = (${sku} COLLATE "default") AND deleted_at IS NULL LIMIT 1`;

/**
 * A UUIDv7 (RFC 9562, method 1): the time of the batch, a count of its rows (at most 4,096) in the 12 bits behind
 * it, the rest random. Rows that arrive in the order of their ids are cheaper for the indexes.
 */
const UUID_V7 = `encode(overlay(overlay(uuid_send(gen_random_uuid())
  PLACING (SELECT substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)) FROM 1 FOR 6)
  PLACING int2send((x'6fff'::int + row_number() OVER (ORDER BY sku))::int2) FROM 7 FOR 2), 'hex')::uuid`;

/**
 * Common table expressions that write what `judged` says of rows: it has their `sku`, `verdict` (`created`, `updated` or any
 * other), `product_id`, the values, and `has_description`. `created` and `updated` then hold the skus that came true.
 * Locks are taken in the order of the ids, as everywhere. A product that was created, deleted or tracked by somebody else
 * since the batch was judged is left for later. With a plain "deleted_at IS NULL", an index of what is not deleted could be
 * read from end to end.
 */
export const UPSERT = `
  created AS (
    INSERT INTO products (id, sku, name, description, price, currency, in_stock, version)
    SELECT ${UUID_V7}, sku, name, description, price, coalesce(currency, 'USD'), coalesce(in_stock, true), 1
    FROM judged WHERE verdict = 'created' ORDER BY sku
    ON CONFLICT (sku) WHERE deleted_at IS NULL DO NOTHING
    RETURNING sku
  ),
  locked AS MATERIALIZED (
    SELECT FROM products
    WHERE id = ANY (ARRAY(SELECT product_id FROM judged WHERE verdict = 'updated')) ORDER BY id FOR NO KEY UPDATE
  ),
  updated AS (
    UPDATE products p
    SET name = j.name, price = j.price, currency = coalesce(j.currency, p.currency),
      in_stock = coalesce(j.in_stock, p.in_stock),
      description = CASE WHEN j.has_description THEN j.description ELSE p.description END,
      version = p.version + 1, updated_at = now()
    FROM judged j
    WHERE j.verdict = 'updated' AND p.id = j.product_id AND (SELECT count(*) FROM locked) > 0
      AND coalesce(p.deleted_at, 'infinity') = 'infinity'
      AND (NOT p.stock_tracked OR p.in_stock = coalesce(j.in_stock, p.in_stock))
    RETURNING p.sku
  )`;
