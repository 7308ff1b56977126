import { productOf, UPSERT } from '../products/product-upsert.sql.js';

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
    LEFT JOIN LATERAL (${productOf('staged.sku')}) AS p ON true
    WHERE staged.import_id = $1 AND staged.sku > $2 AND staged.sku <= $3
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

export const APPLY_BATCH = `WITH ${JUDGED}, ${UPSERT}, ${settled(cameTrue('created'), cameTrue('updated'))}`;

export const CHECK_BATCH = `WITH ${JUDGED}, ${settled(`verdict = 'created'`, `verdict = 'updated'`)}`;
