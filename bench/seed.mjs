// Fills the products of DATABASE_URL up to a number of rows: DATABASE_URL=... node bench/seed.mjs --count 1000000
// The same count always makes the same catalogue: common and rare words, skewed currencies, 5 % out of stock.
import { parseArgs } from 'node:util';
import pg from 'pg';

const { values } = parseArgs({ options: { count: { type: 'string', default: '100000' } } });
const count = Number(values.count);
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

const SQL = `
  INSERT INTO products (id, sku, name, description, price, currency, in_stock, created_at, updated_at, version)
  SELECT
    (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(h, 1, 3) || '8' || substr(h, 4, 15))::uuid,
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

const client = new pg.Client({ connectionString: process.env.DATABASE_URL, statement_timeout: 0 });
await client.connect();
const { rows } = await client.query(`SELECT count(*)::int AS present FROM products WHERE sku LIKE 'BENCH-%'`);
for (let from = rows[0].present + 1; from <= count; from += BATCH) {
  const to = Math.min(count, from + BATCH - 1);
  await client.query(SQL, [from, to, words.adjectives, words.nouns, words.uses]);
  process.stdout.write(`\r${to} products`);
}
await client.query('VACUUM ANALYZE products');
process.stdout.write(`\r${count} products are there\n`);
await client.end();
