// Fills the products of DATABASE_URL up to a number of rows, and its orders:
// DATABASE_URL=... node bench/seed.mjs --count 1000000 --orders 1000000
// The same count always makes the same catalogue: common and rare words, skewed currencies, 5 % out of stock. Of the
// orders, of 1,000 users, nine in ten are delivered, and one in a thousand is pending.
import { parseArgs } from 'node:util';
import pg from 'pg';

const { values } = parseArgs({
  options: { count: { type: 'string', default: '100000' }, orders: { type: 'string', default: '0' } },
});
const count = Number(values.count);
const orders = Number(values.orders);
const BATCH = 50_000;

const words = {
  adjectives:
    'Compact Heavy Light Folding Insulated Galvanised Wooden Steel Ceramic Cotton Padded Waterproof Magnetic Adjustable Stackable Reusable'.split(
      ' ',
    ),
  nouns:
    'hammer kettle notebook charger tent blanket glove shelf drill pan stapler cable backpack towel helmet crate screwdriver knife binder lamp hammock pillow jacket bin'.split(
      ' ',
    ),
  uses: 'for the workshop,for the kitchen,for the office,for travelling,for camping,for the bedroom,for the building site,for the cellar'.split(
    ',',
  ),
};

const ID = (at, h) =>
  `(lpad(to_hex((extract(epoch FROM ${at}) * 1000)::bigint), 12, '0') || '7' || substr(${h}, 1, 3) || '8' || substr(${h}, 4, 15))::uuid`;

const SQL = `
  INSERT INTO products (id, sku, name, description, price, currency, in_stock, created_at, updated_at, version)
  SELECT
    ${ID('at', 'h')},
    'BENCH-' || lpad(i::text, 8, '0'),
    ($3::text[])[1 + a % cardinality($3::text[])] || ' ' || ($4::text[])[1 + b % cardinality($4::text[])] || ' ' || c % 97 || ' cm',
    CASE WHEN a % 10 = 0 THEN NULL ELSE
      'A ' || ($4::text[])[1 + b % cardinality($4::text[])] || ' ' || ($5::text[])[1 + c % cardinality($5::text[])] ||
      ', batch ' || i / 1000 || '.' END,
    (1 + (a::bigint * 7919 + b) % 9999999) / 100.0,
    CASE WHEN c % 1000 = 0 THEN 'JPY' WHEN c % 10 = 1 THEN 'EUR' ELSE 'USD' END,
    b % 20 <> 0,
    at, at, 1
  FROM (
    SELECT i, h, timestamptz '2026-01-01' + i * interval '10 seconds' AS at,
      -- Three numbers that have nothing to do with each other, from the hash.
      ('x' || substr(h, 1, 7))::bit(28)::int AS a, ('x' || substr(h, 8, 7))::bit(28)::int AS b, ('x' || substr(h, 15, 7))::bit(28)::int AS c
    FROM generate_series($1::bigint, $2::bigint) AS i, md5(i::text) AS h
  ) AS rows`;

const USERS = `
  INSERT INTO users (id, email, full_name, version, sessions_valid_from, access_changed_at)
  SELECT md5('user' || n)::uuid, 'bench-' || n || '@example.com', 'Bench ' || n, 1, now(), now()
  FROM generate_series(0, 999) AS n ON CONFLICT DO NOTHING`;

const ORDERS = `
  WITH product AS (
    SELECT array_agg(id) AS ids FROM (SELECT id FROM products WHERE sku LIKE 'BENCH-%' LIMIT 1000) AS thousand
  ), placed AS (
    INSERT INTO orders (id, user_id, status, currency, total, expires_at, created_at, updated_at, version)
    SELECT ${ID('at', 'h')}, md5('user' || a % 1000)::uuid,
      CASE WHEN a % 1000 = 7 THEN 'pending' WHEN a % 100 = 1 THEN 'paid' WHEN a % 100 = 2 THEN 'shipped'
        WHEN a % 25 = 3 THEN 'expired' WHEN a % 25 = 4 THEN 'cancelled' ELSE 'delivered' END,
      'USD', (1 + a % 9999) * 2 / 100.0, at + interval '15 minutes', at, at, 1
    FROM (
      SELECT h, timestamptz '2026-01-01' + i * interval '10 seconds' AS at, ('x' || substr(h, 1, 7))::bit(28)::int AS a
      FROM generate_series($1::bigint, $2::bigint) AS i, md5('order' || i) AS h
    ) AS rows
    RETURNING id, total
  )
  INSERT INTO order_items (order_id, position, product_id, sku, name, unit_price, quantity, is_reserved)
  SELECT placed.id, n, ids[1 + (('x' || right(placed.id::text, 6))::bit(24)::int + n) % cardinality(ids)], 'BENCH', 'Thing',
    total / 2, 1, false
  FROM placed, product, generate_series(0, 1) AS n`;

const client = new pg.Client({ connectionString: process.env.DATABASE_URL, statement_timeout: 0 });
await client.connect();
const { rows } = await client.query(`SELECT count(*)::int AS present FROM products WHERE sku LIKE 'BENCH-%'`);
for (let from = rows[0].present + 1; from <= count; from += BATCH) {
  const to = Math.min(count, from + BATCH - 1);
  await client.query(SQL, [from, to, words.adjectives, words.nouns, words.uses]);
  process.stdout.write(`\r${to} products`);
}
await client.query(USERS);
const { rows: placed } = await client.query('SELECT count(*)::int AS present FROM orders');
for (let from = placed[0].present + 1; from <= orders; from += BATCH) {
  const to = Math.min(orders, from + BATCH - 1);
  await client.query(ORDERS, [from, to]);
  process.stdout.write(`\r${to} orders  `);
}
await client.query('VACUUM ANALYZE products, users, orders, order_items');
process.stdout.write(`\r${count} products and ${orders} orders are there\n`);
await client.end();
