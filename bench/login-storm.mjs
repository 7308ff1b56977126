// How long a product takes to read while many people sign in at once.
// node bench/login-storm.mjs --url http://127.0.0.1:3000 --email ... --password ... [--logins 200]
// The service needs RATE_LIMIT_PER_MINUTE=0 LOGIN_LIMIT_PER_MINUTE=0, or nearly all logins are refused at once.
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:3000' },
    email: { type: 'string' },
    password: { type: 'string' },
    logins: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '10' },
    rate: { type: 'string', default: '200' },
  },
});
const readers = new Agent({ keepAlive: true, maxSockets: 256 });
const guests = new Agent({ keepAlive: true, maxSockets: Number(values.logins) });
const credentials = JSON.stringify({ email: values.email, password: values.password });

const { body } = await login();
const { access_token: token } = JSON.parse(body);
const headers = { authorization: `Bearer ${token}` };
const list = await call(readers, 'GET', '/v1/products?limit=1', headers);
const path = `/v1/products/${JSON.parse(list.body).data[0].id}`;

await read('at rest');
const answers = new Map();
let storming = true;
const storm = Array.from({ length: Number(values.logins) }, async () => {
  while (storming) {
    const { status } = await login();
    answers.set(status, (answers.get(status) ?? 0) + 1);
  }
});
await read(`during ${values.logins} simultaneous logins`);
storming = false;
await Promise.all(storm);
const perSecond = [...answers]
  .map(([status, count]) => `${status}: ${Math.round(count / Number(values.seconds))}/s`)
  .join(', ');
process.stdout.write(`logins answered ${perSecond}\n`);
process.exit();

/** At a steady rate, whether or not the answers come: a slow service does not slow down who asks. */
async function read(name) {
  const times = [];
  const pending = [];
  const total = Number(values.seconds) * Number(values.rate);
  const began = performance.now();
  for (let i = 0; i < total; i += 1) {
    const due = began + (i * 1000) / Number(values.rate);
    if (due > performance.now()) await sleep(due - performance.now());
    pending.push(
      call(readers, 'GET', path, headers).then(({ status }) => {
        if (status !== 200) throw new Error(`A read was answered ${status}`);
        times.push(performance.now() - due);
      }),
    );
  }
  await Promise.all(pending);
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(share * times.length))].toFixed(1);
  process.stdout.write(
    `read ${name}: median ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms (${values.rate}/s)\n`,
  );
}

function login() {
  return call(guests, 'POST', '/v1/auth/login', { 'content-type': 'application/json' }, credentials);
}

function call(agent, method, path, requestHeaders, payload) {
  return new Promise((resolve, reject) => {
    const sent = request(values.url + path, { agent, method, headers: requestHeaders }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part) => (text += part));
      answer.on('end', () => resolve({ status: answer.statusCode, body: text }));
    });
    sent.on('error', reject).end(payload);
  });
}
