import { isIP } from 'node:net';
import { z } from 'zod';
import { ROLE_NAMES, SCOPES } from './scopes.js';

/** Values that people paste from examples; production refuses them wherever a secret is expected. */
const PLACEHOLDER =
  /^(change[-_ ]?(me|this|it)|secret|password|placeholder|example|default|todo|your[-_ ].*|<.*>|x{3,})[-_!0-9]*$/i;

const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,12}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));

const boolean = z.enum(['true', 'false'], 'must be true or false').transform((value) => value === 'true');

const urlOf = (...protocols: string[]) =>
  z
    .string()
    .refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol.slice(0, -1)), {
      error: `must be a URL that starts with ${protocols.map((name) => `${name}://`).join(' or ')}`,
      abort: true,
    })
    .refine((value) => !/%(?![0-9a-f]{2})/i.test(value), {
      error: 'has a % that encodes nothing: write % itself as %25',
    });

const list = <T extends z.ZodType<string, string>>(item: T) =>
  z
    .string()
    .transform((value) =>
      value
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .pipe(z.array(item));

const postgresUrl = urlOf('postgresql', 'postgres');

const address = z.string().refine(isAddressOrCidr, { error: 'must hold IP addresses or CIDR ranges' });

const origin = z.string().refine((value) => URL.canParse(value) && new URL(value).origin === value, {
  error: 'must hold exact origins such as https://shop.example.com, without a path',
});

/** `no-reply@example.com`, `Stockroom <no-reply@example.com>` or `"Stock, room" <no-reply@example.com>`. */
const mailbox = z.string().transform((value, context) => {
  const [, name = '', address = value] = /^([^<>\p{Cc}]*)<([^<>]+)>$/u.exec(value) ?? [];
  if (z.email().safeParse(address).success) return { name: name.trim().replace(/^"(.*)"$/, '$1'), address };
  context.addIssue('must be an address, or a name with one: Stockroom <no-reply@example.com>');
  return z.NEVER;
});

/** Every setting of the service: one schema, so that all bad values are named at once. */
export const settingsSchema = z.object({
  NODE_ENV: z
    .enum(['development', 'production', 'test'], 'must be development, production or test')
    .default('development'),
  HOST: z.string().default('127.0.0.1'),
  PORT: integer(0, 65535).default(3000),
  PUBLIC_URL: urlOf('http', 'https').optional(),
  DATABASE_URL: postgresUrl.optional(),
  DATABASE_REPLICA_URLS: list(postgresUrl).default([]),
  MIGRATION_DATABASE_URL: postgresUrl.optional(),
  DATABASE_POOL_SIZE: integer(1, 1000).default(10),
  DATABASE_STATEMENT_TIMEOUT_MS: integer(100, 600_000).default(5000),
  DATA_DIR: z.string().default('.data'),
  REDIS_URL: urlOf('redis', 'rediss').optional(),
  WORKERS: integer(1, 256).default(1),
  JWT_KEYS_FILE: z.string().optional(),
  JWT_ISSUER: z.string().optional(),
  JWT_AUDIENCE: z.string().optional(),
  ADMIN_EMAIL: z.email('must be an e-mail address').optional(),
  ADMIN_PASSWORD: z
    .string()
    .min(12, 'must have 12 characters or more')
    .max(128, 'must have 128 characters or fewer')
    .optional(),
  RATE_LIMIT_PER_MINUTE: integer(0, 1_000_000_000).default(600),
  LOGIN_LIMIT_PER_MINUTE: integer(0, 1_000_000_000).default(10),
  SECOND_FACTOR_ROLES: list(z.enum(ROLE_NAMES, `must hold roles: ${ROLE_NAMES.join(', ')}`)).default([]),
  VERIFIED_EMAIL_SCOPES: list(z.enum(SCOPES, `must hold scopes such as ${SCOPES[0]}`)).default([]),
  OIDC_ISSUER: urlOf('http', 'https').optional(),
  OIDC_CLIENT_ID: z.string().optional(),
  OIDC_CLIENT_SECRET: z.string().optional(),
  TRUST_PROXY: list(address).default([]),
  CORS_ORIGINS: list(origin).default([]),
  SMTP_URL: urlOf('smtp', 'smtps').optional(),
  MAIL_FROM: mailbox.optional(),
  EVENT_RETENTION_DAYS: integer(0, 36_500)
    .refine((days) => days === 0 || days >= 30, 'must be 0 (for ever), or 30 or more')
    .default(0),
  ORDER_RESERVATION_MINUTES: integer(1, 100_000).default(15),
  ORDER_PENDING_LIMIT: integer(0, 1_000_000).default(50),
  REFRESH_GRACE_SECONDS: integer(0, 10).default(0),
  WEBHOOK_ALLOW_PRIVATE_HOSTS: boolean.default(false),
  IMPORT_MAX_BYTES: integer(1, 999_999_999_999).default(1_073_741_824),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'must be a pino level such as info')
    .default('info'),
  METRICS_PORT: integer(0, 65535).optional(),
  PRODUCT_CACHE_SIZE: integer(0, 10_000_000).default(10_000),
  OTEL_EXPORTER_OTLP_ENDPOINT: urlOf('http', 'https').optional(),
});

export type Settings = z.output<typeof settingsSchema>;

/** Parts of the contract that are read and checked, but that no code of this version acts upon yet. */
export const NOT_YET_USED = [
  'DATABASE_REPLICA_URLS',
  'REDIS_URL',
  'WORKERS',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
] as const satisfies readonly (keyof Settings)[];

const REQUIRED_IN_PRODUCTION = {
  DATABASE_URL: 'required in production, where no embedded database is started',
  JWT_KEYS_FILE: 'required in production, where no keys are generated (make a file: npm run keys:generate)',
  JWT_ISSUER: 'required in production',
  JWT_AUDIENCE: 'required in production',
} as const;

/** One thing that is wrong with the environment. */
export interface Problem {
  readonly name: string;
  readonly message: string;
}

/** Settings that are good by themselves, but not together. */
export function combinationProblems(settings: Settings): Problem[] {
  const problems: Problem[] = [];
  if ((settings.ADMIN_EMAIL === undefined) !== (settings.ADMIN_PASSWORD === undefined)) {
    problems.push({ name: 'ADMIN_EMAIL, ADMIN_PASSWORD', message: 'set both, or neither' });
  }
  if (settings.MIGRATION_DATABASE_URL !== undefined && settings.DATABASE_URL === undefined) {
    problems.push({ name: 'DATABASE_URL', message: 'required where MIGRATION_DATABASE_URL is set' });
  }
  const oidc = ['OIDC_ISSUER', 'OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET'] as const;
  if (new Set(oidc.map((name) => settings[name] === undefined)).size > 1) {
    problems.push({ name: oidc.join(', '), message: 'set all three, or none' });
  }
  return problems;
}

/** What a laptop may do without and production may not. */
export function productionProblems(settings: Settings, purpose: 'service' | 'migrations'): Problem[] {
  const names = Object.keys(REQUIRED_IN_PRODUCTION) as (keyof typeof REQUIRED_IN_PRODUCTION)[];
  const required = names
    .filter((name) => settings[name] === undefined)
    .filter((name) => purpose === 'service' || name === 'DATABASE_URL')
    .map((name) => ({ name, message: REQUIRED_IN_PRODUCTION[name] }));
  const secrets = {
    DATABASE_URL: passwordOf(settings.DATABASE_URL),
    MIGRATION_DATABASE_URL: passwordOf(settings.MIGRATION_DATABASE_URL),
    REDIS_URL: passwordOf(settings.REDIS_URL),
    SMTP_URL: passwordOf(settings.SMTP_URL),
    ADMIN_PASSWORD: settings.ADMIN_PASSWORD,
    OIDC_CLIENT_SECRET: settings.OIDC_CLIENT_SECRET,
  };
  const placeholders = Object.entries(secrets)
    .filter(([, secret]) => secret !== undefined && PLACEHOLDER.test(secret))
    .map(([name]) => ({ name, message: 'holds a placeholder, not a secret' }));
  const insecure =
    settings.OIDC_ISSUER !== undefined && new URL(settings.OIDC_ISSUER).protocol !== 'https:'
      ? [{ name: 'OIDC_ISSUER', message: 'must be https in production' }]
      : [];
  return [...required, ...placeholders, ...insecure];
}

function passwordOf(url: string | undefined): string | undefined {
  return url === undefined ? undefined : decodeURIComponent(new URL(url).password);
}

function isAddressOrCidr(value: string): boolean {
  const [ip = '', prefix, ...rest] = value.split('/');
  const family = isIP(ip);
  if (family === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}
