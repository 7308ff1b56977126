// Imports, end to end: DATABASE_URL=... node bench/import.mjs --rows 100000, or --bytes 1073741824 for the memory it takes.
// After: npm run build. Starts a service of its own on the database, whose products it adds to.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { clearInterval, setInterval } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { fetch } = globalThis;

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '100000' }, bytes: { type: 'string' } },
});
const port = 3900 + (process.pid % 100);
const url = `http://127.0.0.1:${port}`;
const admin = { email: 'bench@example.com', password: 'a passphrase for the bench' };
const run = `B${Date.now().toString(36).toUpperCase()}`;

const service = spawn(
  process.execPath,
  ['--max-semi-space-size=8', '--max-old-space-size=256', 'dist/src/main.js'],
  {
    env: {
      ...process.env,
      PORT: String(port),
      NODE_ENV: 'development',
      LOG_LEVEL: 'warn',
      DATA_DIR: join(tmpdir(), 'stockroom-bench'),
      RATE_LIMIT_PER_MINUTE: '0',
      ADMIN_EMAIL: admin.email,
      ADMIN_PASSWORD: admin.password,
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  },
);
let peak = 0;
const watch = setInterval(() => {
  const [, kib = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${service.pid}/status`, 'utf8')) ?? [];
  peak = Math.max(peak, Number(kib) / 1024);
}, 20);

try {
  await until(async () => (await fetch(`${url}/health/ready`).catch(() => undefined))?.ok);
  const login = await call('POST', '/v1/auth/login', JSON.stringify(admin), 'application/json');
  const authorization = `Bearer ${login.access_token}`;
  if (values.bytes === undefined) await measureSpeed(Number(values.rows), authorization);
  else await measureMemory(Number(values.bytes), authorization);
} finally {
  clearInterval(watch);
  service.kill();
}

async function measureSpeed(rows, authorization) {
  const fresh = file(rows, 'Claw hammer');
  const dearer = Buffer.from(fresh.toString().replaceAll('.50,USD', '.75,USD'));
  const changed = file(rows, 'Sledge hammer');
  const { total_rows: warm } = await importAll(file(1000, 'Warm', 'WARM'), authorization);
  process.stdout.write(`${warm} rows to warm up; ${rows} rows are ${(fresh.length / 1e6).toFixed(1)} MB\n`);
  for (const [name, body] of [
    ['new rows', fresh],
    ['other prices', dearer],
    ['all changed', changed],
    ['all unchanged', changed],
  ]) {
    const done = await importAll(body, authorization);
    // By the service's own times, from the first byte of the upload: a client that asks often would slow it down.
    const seconds = (new Date(done.finished_at) - new Date(done.created_at)) / 1000;
    const { created_rows: created, updated_rows: updated, unchanged_rows: unchanged, uploaded } = done;
    process.stdout.write(
      `${name.padEnd(14)} ${Math.round(rows / seconds)} rows/s (${seconds.toFixed(2)} s, of which the upload ${uploaded.toFixed(2)} s):` +
        ` ${created} created, ${updated} updated, ${unchanged} unchanged\n`,
    );
  }
  process.stdout.write(`peak RSS ${peak.toFixed(0)} MiB\n`);
}

/** A file whose rows are large, so that it is the bytes that count; there are 20,000 products in it, again and again. */
async function measureMemory(bytes, authorization) {
  const started = peak;
  peak = 0;
  const description = 'x'.repeat(4000);
  let sent = 0;
  function* lines() {
    yield 'sku,name,price,description\n';
    for (let n = 0; sent < bytes - 5000; n += 1) {
      const line = `${run}-${n % 20_000},Thing ${n},1.50,"${description}"\n`;
      sent += line.length;
      yield line;
    }
  }
  const began = performance.now();
  const done = await importAll(Readable.from(lines()), authorization);
  const seconds = (performance.now() - began) / 1000;
  process.stdout.write(
    `${(sent / 1048576).toFixed(0)} MiB, ${done.total_rows} rows in ${seconds.toFixed(0)} s (upload ${done.uploaded.toFixed(0)} s): ` +
      `peak RSS ${peak.toFixed(0)} MiB, ${started.toFixed(0)} MiB while it started\n`,
  );
}

/** In an order of their own, as files are. */
function file(rows, name, prefix = run) {
  let text = 'sku,name,description,price,currency,in_stock\r\n';
  for (let n = 0; n < rows; n += 1) {
    const k = (n * 7919) % rows;
    text += `${prefix}-${String(k).padStart(7, '0')},"${name}, ${k % 97} cm",A hammer for the workshop batch ${k % 1000},${(k % 9999) + 1}.50,USD,true\r\n`;
  }
  return Buffer.from(text);
}

async function importAll(body, authorization) {
  const began = performance.now();
  const started = await call('POST', '/v1/product-imports', body, 'text/csv', authorization);
  const uploaded = (performance.now() - began) / 1000;
  for (;;) {
    const now = await call('GET', `/v1/product-imports/${started.id}`, undefined, undefined, authorization);
    if (now.finished_at !== null) return { ...now, uploaded };
    await sleep(100);
  }
}

async function call(method, path, body, type, authorization) {
  const response = await fetch(url + path, {
    method,
    headers: { ...(type && { 'content-type': type }), ...(authorization && { authorization }) },
    ...(body && { body, duplex: 'half' }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
  return answer;
}

async function until(condition) {
  while (!(await condition())) await sleep(50);
}
