/**
 * Where a batch ends: $1 import, $2 sku before it, $3 rows, $4 bytes. It never parts the rows of a sku; `"upTo"` is null
 * where those of the first sku alone are too many.
 */
export const NEXT_BATCH = `
  SELECT max(sku) FILTER (WHERE fits AND is_last) AS "upTo", max(sku) FILTER (WHERE fits) AS sku,
    max(line) FILTER (WHERE fits) AS line
  FROM (
    SELECT sku, line, lead(sku) OVER in_order IS DISTINCT FROM sku AS is_last,
      row_number() OVER in_order <= $3
        AND (row_number() OVER in_order = 1
          OR sum(octet_length(name) + coalesce(octet_length(description), 0)) OVER in_order <= $4) AS fits
    FROM (
      SELECT * FROM product_import_rows WHERE import_id = $1 AND sku > $2 ORDER BY sku, line LIMIT $3::int + 1
    ) AS ahead
    WINDOW in_order AS (ORDER BY sku, line)
  ) AS rows`;

/**
 * What is to become of each row of a batch: $1 import, $2 sku before it, $3 last sku. The last row of a sku counts. Products
 * are looked up one by one, through the index, whatever the planner makes of it.
 */
const JUDGED = `
  judged AS MATERIALIZED (
    SELECT staged.*, staged.ctid AS place, p.id AS product_id, CASE
      WHEN lead(line) OVER (PARTITION BY staged.sku ORDER BY line) IS NOT NULL THEN 'unchanged'
      WHEN p.id IS NULL THEN 'created'
      WHEN p.stock_tracked AND p.in_stock <> coalesce(staged.in_stock, p.in_stock) THEN 'failed'
      WHEN p.name = staged.name AND p.price = staged.price
        AND p.currency = coalesce(staged.currency, p.currency)
        AND p.in_stock = coalesce(staged.in_stock, p.in_stock)
        AND (NOT has_description OR p.description IS NOT DISTINCT FROM staged.description) THEN 'unchanged'
      ELSE 'updated' END AS verdict
    FROM product_import_rows AS staged
    LEFT JOIN LATERAL (
      SELECT * FROM products WHERE sku = (staged.sku COLLATE "default") AND deleted_at IS NULL LIMIT 1
    ) AS p ON true
    WHERE staged.import_id = $1 AND staged.sku > $2 AND staged.sku <= $3
  )`;

/**
 * A UUIDv7 (RFC 9562, method 1): the time of the batch, a count of its rows (at most 4,096) in the 12 bits behind
 * it, the rest random. Rows that arrive in the order of their ids are cheaper for the indexes.
 */
const UUID_V7 = `encode(overlay(overlay(uuid_send(gen_random_uuid())
  PLACING (SELECT substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)) FROM 1 FOR 6)
  PLACING int2send((x'6fff'::int + row_number() OVER (ORDER BY sku))::int2) FROM 7 FOR 2), 'hex')::uuid`;

/**
 * Locks are taken in the order of the ids, as everywhere. A product that was created, deleted or tracked by somebody else
 * since the batch was judged is left for later. With a plain "deleted_at IS NULL", an index of what is not deleted could be
 * read from end to end.
 */
const WRITTEN = `
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

const TRACKED_ERROR = `[{"field": "in_stock", "code": "conflict", "message": "in_stock follows from the stock, which is tracked"}]`;

/** Finds rows of the batch where they lie: a join could be planned as a walk through all rows for each of them. */
const placesOf = (condition: string): string =>
  `r.errors IS NULL AND r.ctid = ANY (ARRAY(SELECT place FROM judged WHERE ${condition}))`;

/** Those of a verdict that came true; a CASE is made no join of, either. */
const cameTrue = (verdict: string): string =>
  `CASE WHEN verdict = '${verdict}' THEN sku IN (SELECT sku FROM ${verdict}) END`;

const gone = (name: string, condition: string): string =>
  `${name} AS (DELETE FROM product_import_rows AS r WHERE ${placesOf(condition)} RETURNING 1)`;

/** A row that is dealt with is gone, or a failed one, and that is when it counts: hence it counts once, come what may. */
const settled = (created: string, updated: string): string => `
  ${gone('settled_created', created)},
  ${gone('settled_updated', updated)},
  ${gone('settled_unchanged', `verdict = 'unchanged'`)},
  settled_failed AS (
    UPDATE product_import_rows AS r SET sku = '', errors = '${TRACKED_ERROR}'
    WHERE ${placesOf(`verdict = 'failed'`)} RETURNING 1
  )
  SELECT (SELECT count(*)::int FROM settled_created) AS created,
    (SELECT count(*)::int FROM settled_updated) AS updated,
    (SELECT count(*)::int FROM settled_unchanged) AS unchanged,
    (SELECT count(*)::int FROM settled_failed) AS failed`;

export const CARRY_OUT_BATCH = `WITH ${JUDGED}, ${WRITTEN}, ${settled(cameTrue('created'), cameTrue('updated'))}`;

export const CHECK_BATCH = `WITH ${JUDGED}, ${settled(`verdict = 'created'`, `verdict = 'updated'`)}`;
