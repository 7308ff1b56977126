// How long a search takes, from the call of the service to its rows, and by which plans with --plans.
// DATABASE_URL=... node bench/search.mjs     after: npm run build; node bench/seed.mjs --count 1000000
import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { loadConfig } from '../dist/config/index.js';
import { createApp } from '../dist/src/app.js';
import { ListProductsQuery } from '../dist/src/inventory/products/product.dto.js';
import { ProductsService } from '../dist/src/inventory/products/products.service.js';
import { captureStatements } from './captured.mjs';

const { values } = parseArgs({
  options: { plans: { type: 'boolean', default: false }, rounds: { type: 'string', default: '50' } },
});

/** What is searched, and on which page: the first one, unless it is said. */
const SEARCHES = [
  ['common word', { q: 'hammer' }],
  ['its second page', { q: 'hammer' }, 1],
  ['its 1000th page', { q: 'hammer' }, 999],
  ['its last page', { q: 'hammer' }, Infinity],
  ['two common words', { q: 'steel hammer' }],
  ['in the other order', { q: 'hammer steel' }],
  ['beginning of a word', { q: 'ham' }],
  ['one letter', { q: 'k' }],
  ['stop word', { q: 'the' }],
  ['word of all products', { q: 'bench' }],
  ['word of descriptions', { q: 'workshop' }],
  ['its second page', { q: 'workshop' }, 1],
  ['with those of names', { q: 'padded hammer workshop' }],
  ['rare words', { q: 'ceramic jacket 17' }],
  ['a whole name', { q: 'Steel hammer 17 cm' }],
  ['rare word', { q: 'batch 777' }],
  ['rarer word', { q: '00777777' }],
  ['four of both', { q: 'hammer cellar 17 cm' }],
  ['typo of a common word', { q: 'hamer' }],
  ['its second page', { q: 'hamer' }, 1],
  ['another typo', { q: 'scrwdriver' }],
  ['typo in two words', { q: 'stel hamer' }],
  ['sku', { q: 'BENCH-00500000' }],
  ['in lower case', { q: 'bench-00500000' }],
  ['beginning of a sku', { q: 'BENCH-005' }],
  ['its second page', { q: 'BENCH-005' }, 1],
  ['no such sku', { q: 'BENCH-99999999' }],
  ['nothing at all', { q: 'xylophone' }],
  ['of several words', { q: 'hammer xylophone' }],
  ['punctuation', { q: '?!' }],
  ['with a filter', { q: 'hammer', currency: 'JPY' }],
  ['with a rare filter', { q: 'ham', min_price: 500, max_price: 501 }],
  ['sorted by time', { q: 'hammer', sort: '-created_at' }],
  ['sorted by price', { q: 'steel hammer', sort: 'price' }],
  ['sorted, rare', { q: 'batch 777', sort: 'name' }],
  ['sorted, typo', { q: 'hamer', sort: 'price' }],
];

const config = loadConfig({ ...process.env, NODE_ENV: 'test' });
const app = await createApp(config, pino({ level: 'silent' }));
const dataSource = app.get(DataSource);
const search = (query) =>
  app.get(ProductsService).listProducts(Object.assign(new ListProductsQuery(), query));

const captured = captureStatements(dataSource);

for (const [name, query, page = 0] of SEARCHES) {
  const cursor = await cursorOf(query, page);
  const { rows, queries, times } = await measure({ ...query, cursor });
  const at = (share) => times[Math.floor(share * times.length)].toFixed(1).padStart(6);
  console.log(
    `${name.padEnd(22)} ${JSON.stringify(query).padEnd(46)} median ${at(0.5)} ms  p95 ${at(0.95)} ms` +
      `  ${String(rows.length).padStart(2)} rows, ${queries} queries`,
  );
  if (values.plans) for (const statement of [...captured]) await explain(statement);
}
await app.close();

async function measure(query) {
  const times = [];
  let rows;
  for (let round = 0; round < Number(values.rounds); round += 1) {
    captured.length = 0;
    const began = performance.now();
    ({ rows } = await search(query));
    times.push(performance.now() - began);
  }
  return { rows, queries: captured.length, times: times.sort((a, b) => a - b) };
}

/** Where a page of 20 begins; the last one is found by way of larger ones. */
async function cursorOf(query, page) {
  let cursor;
  for (const limit of page === Infinity ? [100, 20] : [20]) {
    for (let passed = 0; passed < page; passed += 1) {
      const { nextCursor } = await search({ ...query, cursor, limit });
      if (nextCursor === null) break;
      cursor = nextCursor;
    }
  }
  return cursor;
}

/** One line of a plan: its time, the pages that it read, and the rows of each node, the outermost one first. */
async function explain({ sql, parameters = [] }) {
  const [row] = await dataSource.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${sql}`, parameters);
  const [{ Plan: plan, 'Execution Time': time }] = row['QUERY PLAN'];
  const pages = plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
  const nodes = flatten(plan).map((node) => {
    const removed = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
    const name = node['Index Name'] ?? node['Alias'] ?? node['Node Type'];
    return `${name} ${node['Actual Rows'] * node['Actual Loops']}${removed > 0 ? ` (not ${removed})` : ''}`;
  });
  console.log(`  ${time.toFixed(2).padStart(7)} ms ${String(pages).padStart(6)} pages  ${nodes.join(' < ')}`);
}

function flatten(node) {
  return [node, ...(node.Plans ?? []).flatMap(flatten)];
}
