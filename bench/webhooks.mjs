// Webhook deliveries in a second, and how soon after the commit one arrives:
// DATABASE_URL=... node bench/webhooks.mjs [--events 10000] [--rate 100] [--seconds 5]
// The receiver is a process of its own. After: npm run build. The database needs the migrations, and nothing else.
import 'reflect-metadata';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { DataSource } from 'typeorm';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '10000' },
    rate: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '5' },
    receiver: { type: 'boolean', default: false },
  },
});

if (values.receiver) receive();
else await bench();

/** Tells its parent what came: which ids, and how long after their event. */
function receive() {
  let hangs = false;
  let batch = [];
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      if (hangs) return;
      const { timestamp } = JSON.parse(Buffer.concat(chunks).toString());
      batch.push([request.headers['webhook-id'], Date.now() - Date.parse(timestamp)]);
      response.writeHead(204).end();
    });
  });
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
  process.on('message', () => (hangs = true));
  globalThis.setInterval(() => {
    if (batch.length > 0) process.send({ batch });
    batch = [];
  }, 20);
  process.on('disconnect', () => process.exit());
}

async function startReceiver() {
  const child = fork(import.meta.filename, ['--receiver']);
  const [{ port }] = await once(child, 'message');
  const receiver = { child, url: `http://127.0.0.1:${port}/`, ids: new Set(), delays: [], messages: 0 };
  child.on('message', ({ batch }) => {
    for (const [id, delay] of batch) {
      receiver.messages += 1;
      receiver.ids.add(id);
      receiver.delays.push(delay);
    }
  });
  return receiver;
}

async function bench() {
  const { loadConfig } = await import('../dist/config/index.js');
  const { createApp } = await import('../dist/src/app.js');
  const { EventLog } = await import('../dist/src/platform/events/event-log.js');
  const { Transactions } = await import('../dist/src/platform/database/transactions.js');
  const { WebhookEndpointsService } = await import('../dist/src/webhooks/webhook-endpoints.service.js');
  const environment = { ...process.env, NODE_ENV: 'test', WEBHOOK_ALLOW_PRIVATE_HOSTS: 'true' };
  const app = await createApp(loadConfig(environment), pino({ level: 'silent' }));
  await app.listen(0, '127.0.0.1');
  const database = app.get(DataSource);
  const owner = '01890a5d-ac96-774b-bcce-b302099a8057';
  await database.query('UPDATE webhook_endpoints SET deleted_at = now() WHERE deleted_at IS NULL');
  const listen = (url) =>
    app.get(WebhookEndpointsService).createEndpoint(owner, { url, event_types: ['stock.moved'] });
  const fast = await startReceiver();
  await listen(fast.url);

  const append = (count) =>
    database.query(
      `INSERT INTO events (id, type, actor_type, resource_type, resource_id, changes, details, created_at)
       SELECT gen_random_uuid(), 'stock.moved', 'system', 'stock', gen_random_uuid(), '{"on_hand": [1, 2], "reserved": [0, 0]}',
         '{"movement_id": "01890a5d-ac96-774b-bcce-b302099a8057", "reason": "receipt", "quantity": 1}', now()
       FROM generate_series(1, $1)`,
      [count],
    );

  const backlog = async (name, count) => {
    const before = fast.ids.size;
    await append(count);
    const began = performance.now();
    while (fast.ids.size < before + count) await sleep(10);
    const seconds = (performance.now() - began) / 1000;
    say(`${name}: ${count} deliveries in ${seconds.toFixed(1)} s, ${Math.round(count / seconds)} /s`);
  };

  const trickle = async (name) => {
    fast.delays.length = 0;
    const count = Number(values.rate) * Number(values.seconds);
    const events = app.get(EventLog);
    for (let n = 0; n < count; n += 1) {
      const event = { type: 'stock.moved', resourceId: owner, details: { n } };
      await Promise.all([
        app.get(Transactions).run((tx) => events.append(tx, event)),
        sleep(1000 / Number(values.rate)),
      ]);
    }
    while (fast.delays.length < count) await sleep(10);
    const sorted = fast.delays.sort((a, b) => a - b);
    const at = (share) => sorted[Math.min(count - 1, Math.floor(share * count))];
    say(`${name}: ${values.rate} events/s arrive after ${at(0.5)} ms (median), ${at(0.99)} ms (p99)`);
  };

  await backlog('warming up', 1000);
  await backlog('one fast receiver', Number(values.events));
  await trickle('one fast receiver');
  const dead = await startReceiver();
  dead.child.send('hang');
  await listen(dead.url);
  await backlog('beside one that hangs', Number(values.events));
  await trickle('beside one that hangs');
  const twice = fast.messages - fast.ids.size;
  say(`${fast.messages} messages, ${twice} of them twice`);
  for (const { child } of [fast, dead]) child.kill();
  await app.close();
  process.exit(twice === 0 ? 0 : 1);
}

function say(text) {
  process.stdout.write(`${text}\n`);
}
