import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { ensureDevelopmentKeys, readSigningKeys } from './key-file.js';
import type { ServiceKeys } from './key-file.js';
import { Sealer } from './sealing.js';
import { combinationProblems, NOT_YET_USED, productionProblems, settingsSchema } from './settings.js';
import type { Problem, Settings } from './settings.js';
import { deriveSecret } from './signing-keys.js';
import type { SigningKey } from './signing-keys.js';

/** Everything that is wrong with the environment, one line for each problem. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`The settings cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

/** The typed settings, injectable by this class. Nothing else of the service reads the environment. */
export class Config {
  readonly isProduction: boolean;
  readonly isDevelopment: boolean;
  readonly http: {
    host: string;
    port: number;
    publicUrl: string;
    trustProxy: string[];
    corsOrigins: string[];
  };
  readonly database: {
    url: string | undefined;
    migrationUrl: string | undefined;
    poolSize: number;
    statementTimeoutMs: number;
  };
  readonly dataDir: string;
  readonly tokens: {
    /** The first signs, all verify. */
    keys: readonly SigningKey[];
    /** They verify nothing; what was sealed with them is still opened. */
    retiredKeys: readonly SigningKey[];
    issuer: string;
    audience: string;
    refreshGraceSeconds: number;
  };
  /** The first signs cursors, all are accepted: a key rotation does not break a walk through pages. */
  readonly cursorSecrets: readonly Buffer[];
  /** For secrets that are kept in the database and must be read again. */
  readonly sealer: Sealer;
  readonly admin: { email: string | undefined; password: string | undefined };
  /** Who needs what besides a credential. */
  readonly access: {
    secondFactorRoles: Settings['SECOND_FACTOR_ROLES'];
    verifiedEmailScopes: Settings['VERIFIED_EMAIL_SCOPES'];
  };
  /** The OpenID provider that users may sign in with. */
  readonly oidc: { issuer: string; clientId: string; clientSecret: string } | undefined;
  readonly mail: { smtpUrl: string | undefined; from: { name: string; address: string } };
  readonly limits: { requestsPerMinute: number; loginsPerMinute: number };
  /** Products that are kept in memory; 0: none. */
  readonly productCacheSize: number;
  readonly metricsPort: number | undefined;
  readonly imports: { maxBytes: number };
  /** For how long events are kept; 0: for ever. */
  readonly events: { retentionDays: number };
  /** How long an order holds its stock unpaid, and how many such orders a user may have at once; 0: any number. */
  readonly orders: { reservationMinutes: number; pendingLimit: number };
  /** Whether webhooks may go to addresses that the internet does not know, and without TLS. */
  readonly webhooks: { allowPrivateHosts: boolean };
  readonly logLevel: Settings['LOG_LEVEL'];
  readonly startedByNpm: boolean;
  /** Settings that were given, but that this version does not act upon. */
  readonly unused: readonly string[];

  constructor(settings: Settings, { keys, retiredKeys }: ServiceKeys, environment: NodeJS.ProcessEnv) {
    this.isProduction = settings.NODE_ENV === 'production';
    this.isDevelopment = settings.NODE_ENV === 'development';
    const publicUrl = settings.PUBLIC_URL ?? derivePublicUrl(settings.HOST, settings.PORT);
    this.http = {
      host: settings.HOST,
      port: settings.PORT,
      publicUrl: publicUrl.replace(/\/+$/, ''),
      trustProxy: settings.TRUST_PROXY,
      corsOrigins: settings.CORS_ORIGINS,
    };
    this.database = {
      url: settings.DATABASE_URL,
      migrationUrl: settings.MIGRATION_DATABASE_URL ?? settings.DATABASE_URL,
      poolSize: settings.DATABASE_POOL_SIZE,
      statementTimeoutMs: settings.DATABASE_STATEMENT_TIMEOUT_MS,
    };
    this.dataDir = resolve(settings.DATA_DIR);
    this.tokens = {
      keys,
      retiredKeys,
      issuer: settings.JWT_ISSUER ?? this.http.publicUrl,
      audience: settings.JWT_AUDIENCE ?? 'stockroom',
      refreshGraceSeconds: settings.REFRESH_GRACE_SECONDS,
    };
    const allKeys = [...keys, ...retiredKeys];
    this.cursorSecrets = allKeys.map((key) => deriveSecret(key, 'cursor'));
    this.sealer = new Sealer(allKeys);
    this.admin = { email: settings.ADMIN_EMAIL, password: settings.ADMIN_PASSWORD };
    this.access = {
      secondFactorRoles: settings.SECOND_FACTOR_ROLES,
      verifiedEmailScopes: settings.VERIFIED_EMAIL_SCOPES,
    };
    const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, OIDC_CLIENT_SECRET: clientSecret } = settings;
    this.oidc = issuer && clientId && clientSecret ? { issuer, clientId, clientSecret } : undefined;
    this.mail = {
      smtpUrl: settings.SMTP_URL,
      from: settings.MAIL_FROM ?? { name: 'Stockroom', address: `no-reply@${mailDomain(publicUrl)}` },
    };
    this.limits = {
      requestsPerMinute: settings.RATE_LIMIT_PER_MINUTE,
      loginsPerMinute: settings.LOGIN_LIMIT_PER_MINUTE,
    };
    this.productCacheSize = settings.PRODUCT_CACHE_SIZE;
    this.metricsPort = settings.METRICS_PORT;
    this.imports = { maxBytes: settings.IMPORT_MAX_BYTES };
    this.events = { retentionDays: settings.EVENT_RETENTION_DAYS };
    this.orders = {
      reservationMinutes: settings.ORDER_RESERVATION_MINUTES,
      pendingLimit: settings.ORDER_PENDING_LIMIT,
    };
    this.webhooks = { allowPrivateHosts: settings.WEBHOOK_ALLOW_PRIVATE_HOSTS };
    this.logLevel = settings.LOG_LEVEL;
    this.startedByNpm = environment['npm_lifecycle_event'] === 'start';
    this.unused = NOT_YET_USED.filter((name) => !isDefault(name, settings));
  }

  /** The same settings on a database that was started for them. */
  withDatabaseUrl(url: string): Config {
    const database = { ...this.database, url, migrationUrl: this.database.migrationUrl ?? url };
    return Object.assign(Object.create(Config.prototype) as Config, this, { database });
  }
}

/** The migration command needs a database and nothing else: no keys, no issuer. */
export type Purpose = 'service' | 'migrations';

function isDefault(name: keyof Settings, settings: Settings): boolean {
  return JSON.stringify(settings[name]) === JSON.stringify(settingsSchema.shape[name].parse(undefined));
}

/**
 * Reads and checks the environment. An empty variable counts as not set.
 * @throws ConfigError that names every problem at once
 */
export function loadConfig(
  environment: NodeJS.ProcessEnv = readEnvironment(),
  purpose: Purpose = 'service',
): Config {
  const { settings, problems } = parseSettings(environment);
  if (purpose === 'migrations') settings.DATABASE_URL ??= settings.MIGRATION_DATABASE_URL;
  problems.push(...combinationProblems(settings));
  if (settings.NODE_ENV === 'production') problems.push(...productionProblems(settings, purpose));
  const keys = purpose === 'service' ? loadKeys(settings, problems) : NO_KEYS;
  if (problems.length > 0) throw new ConfigError(firstOfEach(problems));
  return new Config(settings, keys, environment);
}

/** What the process was given, completed from a file `.env` in the working directory if there is one. */
function readEnvironment(): NodeJS.ProcessEnv {
  try {
    process.loadEnvFile();
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw new ConfigError([`.env: cannot be read (${code})`]);
  }
  return process.env;
}

/** Each setting is parsed by itself, so that a bad one hides no other. */
function parseSettings(environment: NodeJS.ProcessEnv): { settings: Settings; problems: Problem[] } {
  const settings: Record<string, unknown> = {};
  const problems: Problem[] = [];
  for (const [name, schema] of Object.entries(settingsSchema.shape)) {
    const result = schema.safeParse(environment[name] === '' ? undefined : environment[name]);
    if (result.success) settings[name] = result.data;
    else problems.push(...result.error.issues.map((issue) => ({ name, message: issue.message })));
  }
  // With a problem in the list this never leaves loadConfig.
  return { settings: settings as Settings, problems };
}

const NO_KEYS: ServiceKeys = { keys: [], retiredKeys: [] };

function loadKeys(settings: Settings, problems: Problem[]): ServiceKeys {
  const production = settings.NODE_ENV === 'production';
  const own = settings.JWT_KEYS_FILE;
  if (own === undefined && production) return NO_KEYS;
  const file = own ?? join(settings.DATA_DIR, 'jwt-keys.json');
  try {
    if (own === undefined) ensureDevelopmentKeys(file);
  } catch (error) {
    const message = `cannot be used (${(error as Error).message}). Make it a folder that you may write to, or name another one`;
    problems.push({ name: 'DATA_DIR', message });
    return NO_KEYS;
  }
  try {
    return readSigningKeys(file, { production });
  } catch (error) {
    const { message } = error as Error;
    // Nobody but the service wrote it: its loss signs a developer out, and nothing else.
    if (own === undefined) problems.push({ name: 'DATA_DIR', message: `${message}. Delete that file` });
    else problems.push({ name: 'JWT_KEYS_FILE', message });
    return NO_KEYS;
  }
}

function firstOfEach(problems: readonly Problem[]): string[] {
  const byName = new Map(problems.toReversed().map((problem) => [problem.name, problem]));
  return [...byName.values()].toReversed().map(({ name, message }) => `${name}: ${message}`);
}

function derivePublicUrl(host: string, port: number): string {
  const name = ['0.0.0.0', '::'].includes(host) ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

/** An IP address is no domain that mail could come from. */
function mailDomain(publicUrl: string): string {
  const { hostname } = new URL(publicUrl);
  return isIP(hostname) > 0 || hostname.startsWith('[') ? 'localhost' : hostname;
}
