// What checking a credential adds to a request, in microseconds: DATABASE_URL=... node bench/token-check.mjs
// After: npm run build. The database needs the migrations, and nothing else.
import 'reflect-metadata';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { loadConfig } from '../dist/config/index.js';
import { ApiKeysService } from '../dist/src/identity/api-keys/api-keys.service.js';
import { createApp } from '../dist/src/app.js';
import { AccessTokensService } from '../dist/src/identity/sessions/access-tokens.service.js';
import {
  API_KEY_AUTHENTICATOR,
  TOKEN_STRATEGY,
  AuthenticationGuard,
} from '../dist/src/http/access/authentication.guard.js';
import { scopesOf } from '../dist/config/scopes.js';
import { UsersService } from '../dist/src/identity/users/users.service.js';

const config = loadConfig({ ...process.env, NODE_ENV: 'test' });
const app = await createApp(config, pino({ level: 'silent' }));
const guard = new AuthenticationGuard(app.get(TOKEN_STRATEGY), app.get(API_KEY_AUTHENTICATOR));
const tokens = app.get(AccessTokensService);
let queries = 0;
app.get(DataSource).driver.master.on('acquire', () => (queries += 1));

const user = await app.get(UsersService).createUser({
  email: `bench-${uuidv7()}@example.com`,
  password: uuidv7(),
  full_name: 'Bench',
  role: 'manager',
});
const sign = () => tokens.sign({ user, session: { id: uuidv7(), secondFactor: false } });
const many = await Promise.all(Array.from({ length: 5000 }, sign));
const caller = {
  userId: user.id,
  role: 'manager',
  scopes: scopesOf('manager'),
  sessionId: null,
  apiKeyId: null,
};
const { key } = await app.get(ApiKeysService).createKey(caller, { name: 'Bench', scopes: ['products:read'] });

/** The guard on a request with these headers; what is measured is all that a public route does not have. */
async function check(headers) {
  const request = { headers };
  await guard.canActivate({ switchToHttp: () => ({ getRequest: () => request }) });
  if (!request.caller) throw request.credentialProblem;
}

await measure('a token seen for the first time', 5000, (i) => check({ authorization: `Bearer ${many[i]}` }));
await measure('one of 5,000 tokens, again', 200_000, (i) =>
  check({ authorization: `Bearer ${many[i % 5000]}` }),
);
await measure('an API key, again', 200_000, () => check({ 'x-api-key': key }));
await app.close();

async function measure(name, times, work) {
  await work(0);
  queries = 0;
  const began = performance.now();
  for (let i = 0; i < times; i += 1) await work(i);
  const each = ((performance.now() - began) * 1000) / times;
  process.stdout.write(`${name.padEnd(34)} ${each.toFixed(1)} us each, ${queries} queries in ${times}\n`);
}
