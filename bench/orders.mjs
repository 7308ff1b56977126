// Orders in a second over HTTP: of two items each among many products, and of one product that all want; then how long
// one takes at half of what is asked for. DATABASE_URL=... node bench/orders.mjs [--seconds 10] [--keys]
// After: npm run build; the database needs the migrations, and nothing else. The service is a process of its own.
import 'reflect-metadata';
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    products: { type: 'string', default: '1000' },
    customers: { type: 'string', default: '100' },
    connections: { type: 'string', default: '16' },
    // Each order under an Idempotency-Key.
    keys: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const GOALS = { many: 400, hot: 150 };

if (process.send) await serve();
else await measureAll();

async function serve() {
  const { pino } = await import('pino');
  const { DataSource } = await import('typeorm');
  const { loadConfig } = await import('../dist/config/index.js');
  const { createApp } = await import('../dist/src/app.js');
  const settings = { NODE_ENV: 'test', RATE_LIMIT_PER_MINUTE: '0', LOGIN_LIMIT_PER_MINUTE: '0' };
  const config = loadConfig({ ...process.env, ...settings, ORDER_PENDING_LIMIT: '1000000' });
  const app = await createApp(config, pino({ level: 'warn' }, pino.destination(2)));
  await app.listen(0, '127.0.0.1');
  const tokens = await signInCustomers(app);
  const products = await app.get(DataSource).query(
    `WITH product AS (
       INSERT INTO products (id, sku, name, price, stock_tracked, version)
       SELECT gen_random_uuid(), 'ORDER-' || gen_random_uuid(), 'Bench', 1 + n % 100 + 0.99, true, 1
       FROM generate_series(1, $1::int) AS n RETURNING id
     ), level AS (
       INSERT INTO stock_levels (product_id, on_hand, reserved, version) SELECT id, 100000000, 0, 1 FROM product
       RETURNING product_id
     ) SELECT product_id AS id FROM level`,
    [Number(values.products)],
  );
  process.on('message', () => process.send(process.cpuUsage()));
  process.on('disconnect', () => process.exit());
  process.send({ url: await app.getUrl(), tokens, products: products.map(({ id }) => id) });
}

async function signInCustomers(app) {
  const { UsersService } = await import('../dist/src/identity/users/users.service.js');
  const password = 'a passphrase for the bench';
  const signIn = async (_, n) => {
    const email = `bench-${randomUUID()}@example.com`;
    await app.get(UsersService).createUser({ email, password, full_name: `Bench ${n}`, role: 'customer' });
    const login = await app.inject({ method: 'POST', url: '/v1/auth/login', payload: { email, password } });
    return login.json().access_token;
  };
  return Promise.all(Array.from({ length: Number(values.customers) }, signIn));
}

async function measureAll() {
  const args = process.argv.slice(2);
  const service = fork(import.meta.filename, args, { execArgv: ['--max-semi-space-size=16'] });
  const [{ url, tokens, products }] = await once(service, 'message');
  const cpu = async () => (service.send('cpu'), (await once(service, 'message'))[0]);
  const agent = new Agent({ keepAlive: true, maxSockets: Number(values.connections) });
  const any = (list) => list[Math.floor(Math.random() * list.length)];
  const order = (ids) => post(`${url}/v1/orders`, any(tokens), ids, agent);
  const kinds = {
    many: () => order([any(products), any(products)].filter((id, n, ids) => ids.indexOf(id) === n)),
    hot: () => order([products[0]]),
  };
  await measure('warming up', kinds.many, { cpu, time: 3 });
  for (const [name, kind] of Object.entries(kinds)) {
    await measure(`${name}, as many as possible`, kind, { cpu });
    await measure(`${name}, ${GOALS[name] / 2} a second`, kind, { cpu, rate: GOALS[name] / 2 });
  }
  service.disconnect();
  process.exit();
}

/** Without a rate, each connection sends its next order when the last one is answered. */
async function measure(name, send, { cpu, rate, time = seconds }) {
  const before = await cpu();
  const times = [];
  const outcomes = {};
  const began = performance.now();
  const until = began + time * 1000;
  const one = async () => {
    const sent = performance.now();
    const status = await send();
    outcomes[status] = (outcomes[status] ?? 0) + 1;
    times.push(performance.now() - sent);
  };
  const loop = async () => {
    while (performance.now() < until) await one();
  };
  if (rate === undefined) await Promise.all(Array.from({ length: Number(values.connections) }, loop));
  else {
    const pending = [];
    for (let n = 0; n < rate * time; n += 1) {
      await sleep(Math.max(0, began + (n / rate) * 1000 - performance.now()));
      pending.push(one());
    }
    await Promise.all(pending);
  }
  const took = (performance.now() - began) / 1000;
  const after = await cpu();
  const busy = (after.user + after.system - before.user - before.system) / 1e6 / took;
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(share * times.length))].toFixed(1);
  console.log(
    `${name.padEnd(24)} ${Math.round((outcomes[201] ?? 0) / took)} orders/s, median ${at(0.5)} ms, p99 ${at(0.99)} ms,` +
      ` processor of the service ${Math.round(busy * 100)} %, answers ${JSON.stringify(outcomes)}`,
  );
}

function post(url, token, ids, agent) {
  const body = JSON.stringify({ items: ids.map((id) => ({ product_id: id, quantity: 1 })) });
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...(values.keys && { 'idempotency-key': randomUUID() }),
  };
  return new Promise((resolve, reject) => {
    request(url, { method: 'POST', headers, agent }, (response) => {
      response.on('end', () => resolve(response.statusCode)).on('error', reject);
      response.resume();
    })
      .on('error', reject)
      .end(body);
  });
}
