// The database time of sign-in, refresh, list, revocation and removal among many sessions.
// DATABASE_URL=... node bench/sessions.mjs --count 1000000     after: npm run build
import 'reflect-metadata';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { loadConfig } from '../dist/config/index.js';
import { createApp } from '../dist/src/app.js';
import { SessionTokensService } from '../dist/src/identity/sessions/session-tokens.service.js';
import { SessionsRepository } from '../dist/src/identity/sessions/sessions.repository.js';
import { SessionsService } from '../dist/src/identity/sessions/sessions.service.js';
import { UsersService } from '../dist/src/identity/users/users.service.js';

const { values } = parseArgs({
  options: { count: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '500' } },
});
const count = Number(values.count);
const rounds = Number(values.rounds);
const USERS = Math.max(1, Math.floor(count / 10));

await seed();
const app = await createApp(
  loadConfig({ ...process.env, NODE_ENV: 'test', LOGIN_LIMIT_PER_MINUTE: '0' }),
  pino({ level: 'silent' }),
);
const sessions = app.get(SessionsService);
const tokensOf = app.get(SessionTokensService);
const users = app.get(UsersService);
const dataSource = app.get(DataSource);

// From sending a statement to its answer: the database's time, and the way there and back.
let spent = 0;
const query = pg.Client.prototype.query;
pg.Client.prototype.query = function timed(...args) {
  const began = performance.now();
  const result = query.apply(this, args);
  const done = () => (spent += performance.now() - began);
  if (typeof result?.then === 'function') result.then(done, done);
  else result?.once?.('end', done);
  return result;
};

const random = (below) => Math.floor(Math.random() * below) + 1;
const device = { ip: '203.0.113.7', userAgent: 'bench' };
const begun = [];

await measure('login', async () => {
  const user = await users.findByEmail(`bench-${random(USERS)}@example.com`);
  const tokens = await dataSource.transaction((tx) => tokensOf.begin(tx, user, device, false));
  begun.push({ user, ...tokens });
});
await measure('refresh', async (i) => {
  begun[i].refresh_token = (await tokensOf.refresh(begun[i].refresh_token)).refresh_token;
});
await measure('list', (i) => sessions.list(begun[i].user.id, { limit: 20 }));
await measure('revoke one', (i) => sessions.end(begun[i].user.id, idOf(begun[i].access_token)), rounds / 2);
await measure('logout', (i) => tokensOf.endByToken(begun[rounds / 2 + i].refresh_token), rounds / 2);
await measure('end all of a user', (i) =>
  dataSource.transaction((tx) => sessions.endOthers(tx, begun[i].user.id, null)),
);
const repository = app.get(SessionsRepository);
await measure(
  'remove a batch of 1000',
  () => repository.deleteOver(new Date(), new Date(Date.now() - 86_400_000), 1000),
  20,
);
await app.close();

function idOf(token) {
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString()).sid;
}

async function measure(name, work, times = rounds) {
  const each = [];
  for (let i = 0; i < times; i += 1) {
    spent = 0;
    await work(i);
    each.push(spent);
  }
  each.sort((a, b) => a - b);
  const at = (share) => each[Math.min(each.length - 1, Math.floor(share * each.length))].toFixed(2);
  process.stdout.write(
    `${name.padEnd(24)} median ${at(0.5)} ms   p99 ${at(0.99)} ms   of ${count} sessions\n`,
  );
}

/** Sessions of the last 30 days, a fifth of them expired. */
async function seed() {
  const client = new pg.Client({ connectionString: process.env.DATABASE_URL, statement_timeout: 0 });
  await client.connect();
  await client.query(
    `INSERT INTO users (version, id, email, full_name, password_hash, sessions_valid_from, access_changed_at)
     SELECT 1, md5('u' || i)::uuid, 'bench-' || i || '@example.com', 'Bench ' || i, 'none',
       now() - interval '99 days', now() - interval '99 days'
     FROM generate_series(1, $1::int) AS i ON CONFLICT DO NOTHING`,
    [USERS],
  );
  await client.query(
    `INSERT INTO sessions (id, user_id, family_hash, secret_hash, ip, user_agent, created_at, last_used_at, expires_at)
     SELECT md5('s' || i)::uuid, md5('u' || (1 + i % $2::int))::uuid, sha256(i::text::bytea), sha256(i::text::bytea),
       '203.0.113.7', 'bench', at, at, at + interval '24 days'
     FROM (SELECT i, now() - i * interval '30 days' / $1::int AS at FROM generate_series(1, $1::int) AS i) AS rows
     ON CONFLICT DO NOTHING`,
    [count, USERS],
  );
  await client.query('VACUUM ANALYZE sessions, users');
  await client.end();
}
