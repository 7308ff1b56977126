// Shows the plan of every list and filter, and fails if one of them reads a whole table.
// DATABASE_URL=... node bench/explain.mjs     after: npm run build; node bench/seed.mjs --count 1000000 --orders 1000000
import 'reflect-metadata';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { loadConfig } from '../dist/config/index.js';
import { createApp } from '../dist/src/app.js';
import { Sql } from '../dist/src/platform/database/sql.js';
import { ListOrdersQuery } from '../dist/src/orders/order.dto.js';
import { OrdersService } from '../dist/src/orders/orders.service.js';
import { ListProductsQuery } from '../dist/src/inventory/products/product.dto.js';
import { ProductsService } from '../dist/src/inventory/products/products.service.js';
import { ListUsersQuery } from '../dist/src/identity/users/user.dto.js';
import { UsersService } from '../dist/src/identity/users/users.service.js';
import { captureStatements } from './captured.mjs';

const config = loadConfig({ ...process.env, NODE_ENV: 'test', DATABASE_STATEMENT_TIMEOUT_MS: '600000' });
const app = await createApp(config, pino({ level: 'silent' }));
const dataSource = app.get(DataSource);

const captured = captureStatements(dataSource);

// Prepared queries go past the ORM and its logger.
const prepared = app.get(Sql);
const run = prepared.prepared.bind(prepared);
prepared.prepared = (name, sql, parameters) => {
  captured.push({ sql, parameters });
  return run(name, sql, parameters);
};

const products = (query) =>
  app.get(ProductsService).listProducts(Object.assign(new ListProductsQuery(), query));
const users = (query) => app.get(UsersService).listUsers(Object.assign(new ListUsersQuery(), query));
const [{ user_id: userId = null } = {}] = await dataSource.query('SELECT user_id FROM orders LIMIT 1');
const orders = ({ own = false, ...query }) => {
  const caller = { userId, scopes: new Set(own ? ['orders:read'] : ['orders:read', 'orders:admin']) };
  return app.get(OrdersService).listOrders(caller, Object.assign(new ListOrdersQuery(), query));
};

const sorts = ['created_at', '-created_at', 'updated_at', '-updated_at', 'price', '-price', 'name', '-name'];
const filters = [
  {},
  { sku: 'BENCH-00500000' },
  { in_stock: true },
  { in_stock: false },
  { currency: 'USD' },
  { currency: 'EUR' },
  { currency: 'JPY' },
  { currency: 'CHF' },
  { min_price: 99_990 },
  { max_price: 2 },
  { min_price: 500, max_price: 501 },
  { min_price: 10_000, max_price: 90_000 },
  { created_after: '2026-04-25T00:00:00Z' },
  { created_before: '2026-01-01T01:00:00Z' },
  { created_after: '2026-02-01T00:00:00Z', created_before: '2026-02-01T01:00:00Z' },
  { currency: 'JPY', in_stock: false },
  { currency: 'EUR', min_price: 50_000 },
  { q: 'hammer' },
  { q: 'padded hammer workshop' },
  { q: 'hamm' },
  { q: 'h' },
  { q: 'BENCH-00123456' },
  { q: 'batch 777' },
  { q: 'nothingliketh' },
  { q: 'hamer' },
  { q: 'hammer', currency: 'JPY' },
];
const userFilters = [
  {},
  { role: 'admin' },
  { role: 'customer' },
  { is_active: true },
  { is_active: false },
  { email: 'ADMIN@stockroom.test' },
  { q: 'adm' },
  { q: 'xq' },
  { q: 'nobody like this' },
];
const orderFilters = [
  {},
  { status: 'pending' },
  { status: 'paid' },
  { status: 'delivered' },
  { created_after: '2026-04-25T00:00:00Z' },
  { created_before: '2026-01-01T01:00:00Z' },
  { status: 'paid', created_after: '2026-04-25T00:00:00Z' },
  { user_id: userId },
  { user_id: userId, status: 'paid' },
  { own: true },
  { own: true, status: 'pending' },
  { own: true, created_after: '2026-04-25T00:00:00Z' },
];

let failures = 0;
const scansBefore = await sequentialScans();
for (const filter of filters)
  for (const sort of sorts) await explain('products', products, { ...filter, sort });
// By relevance.
for (const filter of filters) if (filter.q !== undefined) await explain('products', products, filter);
for (const filter of userFilters)
  for (const sort of ['created_at', '-created_at']) await explain('users', users, { ...filter, sort });
for (const filter of orderFilters)
  for (const sort of ['created_at', '-created_at', 'total', '-total'])
    await explain('orders', orders, { ...filter, sort });
for (const sort of sorts) await explainLastPage(sort);
const scans = (await sequentialScans()) - scansBefore;
if (scans > 0) failures += 1;
console.log(`${scans} sequential scans of products`);
await app.close();
console.log(failures === 0 ? 'No table is read as a whole.' : `${failures} plans read a whole table.`);
process.exitCode = failures === 0 ? 0 : 1;

/** A page near the end of the list: it costs what the first one costs. */
async function explainLastPage(sort) {
  const opposite = sort.startsWith('-') ? sort.slice(1) : `-${sort}`;
  const { rows } = await products({ sort: opposite, limit: 50 });
  const last = rows.at(-1);
  captured.length = 0;
  const { nextCursor } = await products({ sort, limit: 1 });
  const { sql, parameters } = captured.at(-1);
  const column = sort.replace('-', '');
  const value = {
    created_at: last.createdAt,
    updated_at: last.updatedAt,
    price: last.price,
    name: last.name,
  }[column];
  const condition = `(${column}, id) ${sort.startsWith('-') ? '<' : '>'} ($2, $3)`;
  await report(
    'products',
    { sort, cursor: nextCursor ? 'last page' : '' },
    sql.replace(' ORDER BY', ` AND ${condition} ORDER BY`),
    [20, value, last.id],
    parameters,
  );
}

async function explain(table, list, query) {
  captured.length = 0;
  await list(query);
  // What goes on in the background is left out.
  const own = captured.filter(({ sql }) => !/START|COMMIT|events|webhook/.test(sql));
  for (const { sql, parameters } of own) await report(table, query, sql, parameters ?? []);
}

async function report(table, query, sql, parameters) {
  const [
    {
      'QUERY PLAN': [result],
    },
  ] = await dataSource.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${sql}`, parameters);
  const nodes = flatten(result.Plan);
  // Of the list itself: the few words of this catalogue are on one page, as is what the service looks at now and then.
  const bad = nodes.some((node) => node['Node Type'] === 'Seq Scan' && node['Relation Name'] === table);
  if (bad) failures += 1;
  const plan = nodes.map((node) => node['Index Name'] ?? node['Node Type']).join(' < ');
  const time = result['Execution Time'].toFixed(1).padStart(9);
  const removed = nodes.reduce((sum, node) => sum + (node['Rows Removed by Filter'] ?? 0), 0);
  console.log(
    `${bad ? 'BAD ' : 'ok  '}${time} ms  ${table} ${JSON.stringify(query)}  ${plan}${removed ? `  (${removed} rows filtered)` : ''}`,
  );
}

/** By the server's own count, which this connection's statistics have reached. */
async function sequentialScans() {
  await dataSource.query('SELECT pg_stat_force_next_flush()');
  const [row] = await dataSource.query(
    `SELECT sum(seq_scan)::int AS scans FROM pg_stat_user_tables WHERE relname = 'products'`,
  );
  return row.scans;
}

function flatten(node) {
  return [node, ...(node.Plans ?? []).flatMap(flatten)];
}
