// How long a page of audit events takes, from the call of the service to its rows, and by which plans with --plans.
// DATABASE_URL=... node bench/audit.mjs --seed 10000000     after: npm run build; the database needs the migrations.
// The events are spread over a year, by common and rare actors, of common and rare types.
import 'reflect-metadata';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { loadConfig } from '../dist/config/index.js';
import { createApp } from '../dist/src/app.js';
import { ListAuditEventsQuery } from '../dist/src/audit/audit-event.dto.js';
import { AuditService } from '../dist/src/audit/audit.service.js';
import { captureStatements } from './captured.mjs';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '0' },
    plans: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '50' },
  },
});

const BATCH = 250_000;
const DAY = 86_400_000;

/** The number of an event decides all of it: three numbers of its hash, its actor, its resource, its time. */
const SEED = `
  INSERT INTO events (id, type, actor_type, actor_id, resource_type, resource_id, changes, details, trace_id, created_at)
  SELECT
    (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(h, 1, 3) || '8' || substr(h, 4, 15))::uuid,
    type,
    CASE WHEN type = 'stock.depleted' THEN 'system' ELSE 'user' END,
    CASE WHEN type <> 'stock.depleted' THEN md5('user' || CASE WHEN a % 100000 = 7 THEN -1 ELSE b % 2000 * (b % 2000) / 2000 END)::uuid END,
    split_part(type, '.', 1),
    md5(CASE WHEN type ~ '^(product|stock)' THEN 'product' || c % 100000 ELSE type || c % 1000000 END)::uuid,
    CASE WHEN type = 'product.updated' THEN '{"price": [24.9, 22.5]}'::jsonb END,
    CASE WHEN type = 'stock.moved' THEN '{"quantity": -1, "reason": "loss", "on_hand": 41, "available": 41}'::jsonb END,
    h, at
  FROM (
    SELECT *, CASE
      WHEN a % 100000 = 1 AND i < $4::bigint / 20 THEN 'user.two_step_disabled'
      WHEN a % 100000 = 2 THEN 'session.replayed'
      WHEN a % 10000 = 3 THEN 'api_key.created'
      WHEN a % 1000 = 4 THEN 'import.succeeded'
      WHEN a % 100 < 2 THEN 'user.updated'
      WHEN a % 100 < 7 THEN 'stock.depleted'
      WHEN a % 100 < 12 THEN 'product.created'
      WHEN a % 100 < 17 THEN 'session.refused'
      WHEN a % 100 < 37 THEN 'session.started'
      WHEN a % 100 < 57 THEN 'product.updated'
      ELSE 'stock.moved' END AS type
    FROM (
      SELECT i, h, date_trunc('milliseconds', now() - ($4::bigint - i) * ($3::float8 / $4::bigint) * interval '1 ms') AS at,
        ('x' || substr(h, 1, 7))::bit(28)::int AS a, ('x' || substr(h, 8, 7))::bit(28)::int AS b, ('x' || substr(h, 15, 7))::bit(28)::int AS c
      FROM generate_series($1::bigint, $2::bigint) AS i, md5(i::text) AS h
    ) AS numbers
  ) AS rows`;

if (Number(values.seed) > 0) await seed(Number(values.seed));

const config = loadConfig({ ...process.env, NODE_ENV: 'test', DATABASE_STATEMENT_TIMEOUT_MS: '600000' });
const app = await createApp(config, pino({ level: 'silent' }));
const dataSource = app.get(DataSource);
const audit = app.get(AuditService);
const list = (query) => audit.listEvents(Object.assign(new ListAuditEventsQuery(), query));

const captured = captureStatements(dataSource);

const ago = (days) => new Date(Date.now() - days * DAY).toISOString();
const user = await idOf('user0');
const rareUser = await idOf('user-1');
const product = await idOf('product4711');

const LISTS = [
  ['all', {}],
  ['a common type', { action: 'stock.moved' }],
  ['a rare type', { action: 'session.replayed' }],
  ['one of long ago', { action: 'user.two_step_disabled' }],
  ['one that never was', { action: 'user.identity_linked' }],
  ['a common actor', { actor_id: user }],
  ['a rare actor', { actor_id: rareUser }],
  ['a common resource type', { resource_type: 'product' }],
  ['a rare resource type', { resource_type: 'api_key' }],
  ['a resource', { resource_id: product }],
  ['with its type', { resource_type: 'product', resource_id: product }],
  ['nobody', { actor_id: '00000000-0000-7000-8000-000000000000' }],
  ['after a time', { created_after: ago(1) }],
  ['before a time', { created_before: ago(300) }],
  ['a day', { created_after: ago(200), created_before: ago(199) }],
  ['a rare type of a day', { action: 'api_key.created', created_after: ago(200), created_before: ago(199) }],
  ['an actor in a month', { actor_id: user, created_after: ago(200), created_before: ago(170) }],
  ['an actor and a type', { actor_id: user, action: 'user.updated' }],
  ['a rare actor and type', { actor_id: rareUser, action: 'stock.moved' }],
];

for (const [name, query] of LISTS) {
  for (const sort of ['-created_at', 'created_at']) {
    await report(`${name}, ${sort}`, { ...query, sort });
    const cursor = await deepCursor({ ...query, sort });
    if (cursor) await report(`  its 200th page`, { ...query, sort, cursor });
  }
}
const { rows: some } = await list({ limit: 100, created_before: ago(100) });
await reportTimes('one event', some.length, async (round) => audit.getEvent(some[round % some.length].id));
await app.close();

async function seed(count) {
  const client = new pg.Client({ connectionString: process.env.DATABASE_URL, statement_timeout: 0 });
  await client.connect();
  await client.query(
    `SELECT add_events_partition(month::date) FROM generate_series(date_trunc('month', now() - interval '13 months'), now(), '1 month') AS month`,
  );
  // Built at the end they take a fraction of the time.
  const { rows: indexes } = await client.query(
    `SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'events' AND indexname <> 'events_pkey'`,
  );
  for (const { indexname } of indexes) await client.query(`DROP INDEX ${indexname}`);
  const began = performance.now();
  for (let from = 1; from <= count; from += BATCH) {
    const to = Math.min(count, from + BATCH - 1);
    await client.query(SEED, [from, to, 365 * DAY, count]);
    process.stderr.write(`\r${to} events, ${Math.round((to / (performance.now() - began)) * 1000)} a second`);
  }
  process.stderr.write('\n');
  for (const { indexdef } of indexes) await client.query(indexdef.replace(' ON ONLY ', ' ON '));
  await client.query('VACUUM ANALYZE events');
  const { rows } = await client.query(
    `SELECT pg_size_pretty(sum(pg_table_size(inhrelid))) AS rows, pg_size_pretty(sum(pg_indexes_size(inhrelid))) AS indexes
     FROM pg_inherits WHERE inhparent = 'events'::regclass`,
  );
  console.log(rows[0]);
  await client.end();
}

async function idOf(text) {
  const [{ id }] = await dataSource.query('SELECT md5($1)::uuid AS id', [text]);
  return id;
}

/** 4,000 events further on, or as far as there are so many. */
async function deepCursor(query) {
  let cursor;
  for (let page = 0; page < 40; page += 1) {
    const { nextCursor } = await list({ ...query, cursor, limit: 100 });
    if (nextCursor === null) break;
    cursor = nextCursor;
  }
  return cursor;
}

async function report(name, query) {
  const rows = await reportTimes(name, undefined, async () => (await list(query)).rows);
  if (!values.plans) return rows;
  captured.length = 0;
  await list(query);
  for (const statement of [...captured]) await explain(statement);
}

async function reportTimes(name, count, work) {
  const times = [];
  let result;
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const began = performance.now();
    result = await work(round);
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.floor(share * times.length)].toFixed(1).padStart(6);
  console.log(
    `${name.padEnd(38)} median ${at(0.5)} ms  p95 ${at(0.95)} ms  ${String(count ?? result.length).padStart(3)} rows`,
  );
  return result;
}

/** Of a plan: its times, the pages that it read, and its nodes by how often they stand side by side, the outermost first. */
async function explain({ sql, parameters = [] }) {
  const [row] = await dataSource.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${sql}`, parameters);
  const [{ Plan: plan, 'Planning Time': planning, 'Execution Time': time }] = row['QUERY PLAN'];
  const pages = plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
  const nodes = new Map();
  for (const node of flatten(plan)) {
    const name = (node['Index Name'] ?? node['Relation Name'] ?? node['Node Type']).replace(
      /^events_(\d{4}_\d{2}|default)/,
      'month',
    );
    const { count = 0, rows = 0 } = nodes.get(name) ?? {};
    nodes.set(name, { count: count + 1, rows: rows + node['Actual Rows'] * node['Actual Loops'] });
  }
  const text = [...nodes].map(
    ([name, { count, rows }]) => `${count > 1 ? `${count} x ` : ''}${name} ${rows}`,
  );
  console.log(
    `   plan ${planning.toFixed(1)} + ${time.toFixed(2)} ms ${String(pages).padStart(5)} pages  ${text.join(' < ')}`,
  );
}

function flatten(node) {
  return [node, ...(node.Plans ?? []).flatMap(flatten)];
}
