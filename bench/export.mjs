// Rows a second, processor time and memory of an export of all products: DATABASE_URL=... node bench/export.mjs
// After: npm run build; node bench/seed.mjs --count 1000000. The service is a process of its own, of which time and
// memory are told; a client reads and forgets, and another one reads single products meanwhile.
// Only one of them: node bench/export.mjs text/csv gzip
import 'reflect-metadata';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

if (process.send) await serve();
else await measureAll();

async function serve() {
  const { pino } = await import('pino');
  const { loadConfig } = await import('../dist/config/index.js');
  const { createApp } = await import('../dist/src/app.js');
  const { UsersService } = await import('../dist/src/identity/users/users.service.js');
  const config = loadConfig({ ...process.env, NODE_ENV: 'test', RATE_LIMIT_PER_MINUTE: '0' });
  const app = await createApp(config, pino({ level: 'warn' }, pino.destination(2)));
  await app.listen(0, '127.0.0.1');
  const email = `bench-${Date.now()}@example.com`;
  const password = 'a passphrase for the bench';
  await app.get(UsersService).createUser({ email, password, full_name: 'Bench', role: 'manager' });
  const login = await app.inject({ method: 'POST', url: '/v1/auth/login', payload: { email, password } });
  const { access_token: token } = login.json();
  const usage = () => ({ cpu: process.cpuUsage(), peak: process.resourceUsage().maxRSS / 1024 });
  process.on('message', () => process.send(usage()));
  process.on('disconnect', () => process.exit());
  process.send({ url: await app.getUrl(), token });
}

async function measureAll() {
  const [only, onlyIn] = process.argv.slice(2);
  for (const format of only ? [only] : ['application/x-ndjson', 'text/csv'])
    for (const coding of onlyIn ? [onlyIn] : ['identity', 'gzip', 'br']) await measure(format, coding);
  process.exit();
}

async function measure(format, coding) {
  // A new process for each: a peak is never forgotten.
  const service = fork(import.meta.filename, {
    execArgv: ['--max-semi-space-size=8', '--max-old-space-size=256', ...process.execArgv],
  });
  const [{ url, token }] = await once(service, 'message');
  const usage = async () => (service.send('usage'), (await once(service, 'message'))[0]);
  const headers = { authorization: `Bearer ${token}` };
  const { text } = await read(`${url}/v1/products?limit=1`, headers, true);
  const [{ id }] = JSON.parse(text).data;
  const before = await usage();
  const began = performance.now();
  const reading = read(`${url}/v1/products`, { ...headers, accept: format, 'accept-encoding': coding });
  const others = [];
  let done = false;
  reading.finally(() => (done = true));
  while (!done) {
    const sent = performance.now();
    await read(`${url}/v1/products/${id}`, headers, true);
    others.push(performance.now() - sent);
    await sleep(20);
  }
  const { bytes } = await reading;
  const seconds = (performance.now() - began) / 1000;
  const after = await usage();
  service.disconnect();
  const cpu = (after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system) / 1e6;
  others.sort((a, b) => a - b);
  const at = (share) => others[Math.floor(share * (others.length - 1))].toFixed(1);
  const rows = await count();
  console.log(
    `${format.padEnd(20)} ${coding.padEnd(8)} ${String(Math.round(rows / seconds)).padStart(7)} rows/s` +
      `  ${(bytes / 1e6).toFixed(0).padStart(4)} MB  ${cpu.toFixed(1)} s of processor` +
      `  peak ${after.peak.toFixed(0)} MiB (${before.peak.toFixed(0)} before)` +
      `  reads meanwhile: median ${at(0.5)} ms, p99 ${at(0.99)} ms`,
  );
}

function read(url, headers, keep = false) {
  return new Promise((resolve, reject) => {
    get(url, { headers }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`Answered ${response.statusCode}`));
      let bytes = 0;
      let text = '';
      response.on('data', (data) => {
        bytes += data.length;
        if (keep) text += data;
      });
      response.on('end', () => resolve({ bytes, text }));
      response.on('error', reject);
    }).on('error', reject);
  });
}

async function count() {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  const { rows } = await client.query('SELECT count(*)::int AS rows FROM products WHERE deleted_at IS NULL');
  await client.end();
  return rows[0].rows;
}
