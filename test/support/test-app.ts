import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { inject } from 'vitest';
import { loadConfig } from '../../config/index.js';
import type { Config } from '../../config/index.js';
import { createApp } from '../../src/app.js';
import type { Role } from '../../config/scopes.js';
import { stopService } from '../../src/startup/start.js';
import { UsersService } from '../../src/identity/users/users.service.js';
import { ApiClient } from './api-client.js';
import { createDatabase } from './database.js';

export const PASSWORD = 'a passphrase for the tests';

export interface TestApp {
  readonly app: NestFastifyApplication;
  readonly config: Config;
  readonly url: string;
  readonly dataSource: DataSource;
  /** Calls without a credential. */
  readonly anonymous: ApiClient;
  /** A new user in this role, signed in over HTTP. */
  signIn(role: Role): Promise<SignedIn>;
  close(): Promise<void>;
}

export interface SignedIn {
  readonly api: ApiClient;
  readonly id: string;
  readonly email: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

let users = 0;

/** The service itself on a database of its own, listening on a free port. Limits are off unless asked for. */
export async function startTestApp(
  environment: NodeJS.ProcessEnv = {},
  options: { databaseUrl?: string; logger?: Logger } = {},
): Promise<TestApp> {
  const database = options.databaseUrl === undefined ? await createDatabase() : undefined;
  const config = loadConfig({
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    PORT: '0',
    PUBLIC_URL: 'http://stockroom.test',
    RATE_LIMIT_PER_MINUTE: '0',
    LOGIN_LIMIT_PER_MINUTE: '0',
    // A slow machine is no reason for a test to meet the limit of statements.
    DATABASE_STATEMENT_TIMEOUT_MS: '60000',
    DATA_DIR: inject('dataDir'),
    DATABASE_URL: options.databaseUrl ?? database?.url,
    ...environment,
  });
  const app = await createApp(config, options.logger ?? pino({ level: 'silent' }));
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const anonymous = new ApiClient(url);
  return {
    app,
    config,
    url,
    anonymous,
    dataSource: app.get(DataSource),
    signIn: (role) => signIn(app, anonymous, role),
    close: async () => {
      await stopService(app);
      await database?.drop();
    },
  };
}

async function signIn(app: NestFastifyApplication, anonymous: ApiClient, role: Role): Promise<SignedIn> {
  users += 1;
  const email = `${role}-${users}@example.com`;
  const { id } = await app
    .get(UsersService)
    .createUser({ email, password: PASSWORD, full_name: `Test ${role}`, role });
  const { body } = await anonymous.post<{ access_token: string; refresh_token: string }>('/v1/auth/login', {
    email,
    password: PASSWORD,
  });
  const api = anonymous.withToken(body.access_token);
  return { api, id, email, accessToken: body.access_token, refreshToken: body.refresh_token };
}
