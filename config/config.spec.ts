import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { generateKeyPairSync } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Config, ConfigError, generateKeySet, loadConfig } from './index.js';

let folder: string;
let environment: NodeJS.ProcessEnv;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stockroom-config-'));
  environment = { DATA_DIR: folder };
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const load = (more: NodeJS.ProcessEnv = {}): Config => loadConfig({ ...environment, ...more });

function problems(more: NodeJS.ProcessEnv, ...rest: ['migrations'] | []): readonly string[] {
  try {
    loadConfig({ ...environment, ...more }, ...rest);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

function keyFile(content: unknown, name = 'keys.json'): string {
  const file = join(folder, name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

describe('loadConfig without settings', () => {
  it('is a working development service', () => {
    const config = load();
    expect(config).toMatchObject({
      isDevelopment: true,
      isProduction: false,
      http: {
        host: '127.0.0.1',
        port: 3000,
        publicUrl: 'http://127.0.0.1:3000',
        trustProxy: [],
        corsOrigins: [],
      },
      database: { url: undefined, migrationUrl: undefined, poolSize: 10, statementTimeoutMs: 5000 },
      dataDir: resolve(folder),
      tokens: {
        retiredKeys: [],
        issuer: 'http://127.0.0.1:3000',
        audience: 'stockroom',
        refreshGraceSeconds: 0,
      },
      admin: { email: undefined, password: undefined },
      mail: { smtpUrl: undefined, from: { name: 'Stockroom', address: 'no-reply@localhost' } },
      limits: { requestsPerMinute: 600, loginsPerMinute: 10 },
      logLevel: 'info',
      unused: [],
    });
    expect(config.tokens.keys).toHaveLength(1);
  });

  it('makes keys once, for its owner only', () => {
    const [first] = load().tokens.keys;
    expect(load().tokens.keys[0]?.kid).toBe(first?.kid);
    expect(JSON.parse(readFileSync(join(folder, 'jwt-keys.json'), 'utf8'))).toMatchObject({
      development: true,
    });
    expect(load().cursorSecrets).toEqual(load().cursorSecrets);
  });

  it('takes an empty variable for none', () => {
    expect(load({ PORT: '', DATABASE_URL: '', NODE_ENV: '', ADMIN_EMAIL: '', TRUST_PROXY: '' })).toEqual(
      load(),
    );
  });
});

describe('loadConfig', () => {
  it.each([
    [{ HOST: '0.0.0.0', PORT: '80' }, 'http://localhost:80'],
    [{ HOST: '::', PORT: '81' }, 'http://localhost:81'],
    [{ HOST: '::1' }, 'http://[::1]:3000'],
    [{ PUBLIC_URL: 'https://api.example.com/' }, 'https://api.example.com'],
    [{ PUBLIC_URL: 'https://example.com/stock//' }, 'https://example.com/stock'],
  ])('derives the public URL from %j', (settings, publicUrl) => {
    expect(load(settings).http.publicUrl).toBe(publicUrl);
  });

  it('reads lists', () => {
    const { http } = load({
      TRUST_PROXY: ' 10.0.0.0/8, 2001:db8::/32 ,192.0.2.1,',
      CORS_ORIGINS: 'https://shop.example.com,http://localhost:5173',
    });
    expect(http.trustProxy).toEqual(['10.0.0.0/8', '2001:db8::/32', '192.0.2.1']);
    expect(http.corsOrigins).toEqual(['https://shop.example.com', 'http://localhost:5173']);
  });

  it.each([
    [{ MAIL_FROM: 'a@example.com' }, { name: '', address: 'a@example.com' }],
    [{ MAIL_FROM: 'Läger Nord <a@example.com>' }, { name: 'Läger Nord', address: 'a@example.com' }],
    [{ MAIL_FROM: '"Stock, room" <a@example.com>' }, { name: 'Stock, room', address: 'a@example.com' }],
    [{ PUBLIC_URL: 'https://api.example.com/x' }, { name: 'Stockroom', address: 'no-reply@api.example.com' }],
    [{ HOST: '::1' }, { name: 'Stockroom', address: 'no-reply@localhost' }],
  ])('sends mail as %j say', (settings, from) => {
    expect(load(settings).mail.from).toEqual(from);
    expect(load({ ...settings, SMTP_URL: 'smtp://localhost' }).unused).toEqual([]);
  });

  it('lets the migrations use a role of their own', () => {
    const DATABASE_URL = 'postgresql://service:s3cr@db/stockroom';
    expect(load({ DATABASE_URL }).database.migrationUrl).toBe(DATABASE_URL);
    const MIGRATION_DATABASE_URL = 'postgresql://owner:s3cr@db/stockroom';
    expect(load({ DATABASE_URL, MIGRATION_DATABASE_URL }).database).toMatchObject({
      url: DATABASE_URL,
      migrationUrl: MIGRATION_DATABASE_URL,
    });
  });

  it('moves to a database that was started for it', () => {
    const config = load().withDatabaseUrl('postgresql://localhost:1/x');
    expect(config).toBeInstanceOf(Config);
    expect(config.database).toMatchObject({
      url: 'postgresql://localhost:1/x',
      migrationUrl: 'postgresql://localhost:1/x',
      poolSize: 10,
    });
  });

  it('names the settings that this version does not act upon', () => {
    expect(load({ WORKERS: '2', REDIS_URL: 'redis://localhost' }).unused).toEqual(['REDIS_URL', 'WORKERS']);
    expect(load({ WORKERS: '1' }).unused).toEqual([]);
  });

  it.each<[string, string, string]>([
    ['NODE_ENV', 'staging', 'must be development, production or test'],
    ['PORT', 'http', 'must be a whole number'],
    ['PORT', '-1', 'must be a whole number'],
    ['PORT', '3000.5', 'must be a whole number'],
    ['PORT', ' 3000', 'must be a whole number'],
    ['PORT', '65536', 'must be at most 65535'],
    ['PUBLIC_URL', 'api.example.com', 'must be a URL that starts with http:// or https://'],
    ['DATABASE_URL', 'localhost/stockroom', 'must be a URL that starts with postgresql:// or postgres://'],
    ['DATABASE_URL', 'mysql://localhost/x', 'must be a URL that starts with postgresql:// or postgres://'],
    [
      'DATABASE_URL',
      'postgresql://localhost:99999/x',
      'must be a URL that starts with postgresql:// or postgres://',
    ],
    [
      'DATABASE_URL',
      'postgresql://me:100%@localhost/x',
      'has a % that encodes nothing: write % itself as %25',
    ],
    ['DATABASE_POOL_SIZE', '0', 'must be at least 1'],
    ['EVENT_RETENTION_DAYS', '29', 'must be 0 (for ever), or 30 or more'],
    ['DATABASE_STATEMENT_TIMEOUT_MS', '99', 'must be at least 100'],
    [
      'DATABASE_REPLICA_URLS',
      'postgresql://a/x,nothing',
      'must be a URL that starts with postgresql:// or postgres://',
    ],
    ['REDIS_URL', 'localhost:6379', 'must be a URL that starts with redis:// or rediss://'],
    ['WORKERS', '0', 'must be at least 1'],
    ['JWT_KEYS_FILE', '/nowhere/keys.json', '/nowhere/keys.json cannot be read (ENOENT)'],
    ['RATE_LIMIT_PER_MINUTE', '-5', 'must be a whole number'],
    ['TRUST_PROXY', 'proxy.internal', 'must hold IP addresses or CIDR ranges'],
    ['TRUST_PROXY', '10.0.0.0/33', 'must hold IP addresses or CIDR ranges'],
    ['TRUST_PROXY', '10.0.0.0/8/8', 'must hold IP addresses or CIDR ranges'],
    ['TRUST_PROXY', 'true', 'must hold IP addresses or CIDR ranges'],
    ['CORS_ORIGINS', '*', 'must hold exact origins such as https://shop.example.com, without a path'],
    [
      'CORS_ORIGINS',
      'https://a.example.com/',
      'must hold exact origins such as https://shop.example.com, without a path',
    ],
    ['CORS_ORIGINS', 'null', 'must hold exact origins such as https://shop.example.com, without a path'],
    ['SMTP_URL', 'mail.example.com', 'must be a URL that starts with smtp:// or smtps://'],
    ...[
      'Stockroom',
      'a@example.com, b@example.com',
      'Stock\nBcc: <a@example.com>',
      'Stock <a@example.com> room',
    ].map((value): [string, string, string] => [
      'MAIL_FROM',
      value,
      'must be an address, or a name with one: Stockroom <no-reply@example.com>',
    ]),
    ['REFRESH_GRACE_SECONDS', '11', 'must be at most 10'],
    ['WEBHOOK_ALLOW_PRIVATE_HOSTS', 'yes', 'must be true or false'],
    ['LOG_LEVEL', 'verbose', 'must be a pino level such as info'],
  ])('refuses %s=%s', (name, value, message) => {
    expect(problems({ [name]: value })).toEqual([`${name}: ${message}`]);
  });

  it('refuses an administrator with half a name', () => {
    expect(problems({ ADMIN_EMAIL: 'admin@example.com' })).toEqual([
      'ADMIN_EMAIL, ADMIN_PASSWORD: set both, or neither',
    ]);
    expect(problems({ ADMIN_EMAIL: 'admin', ADMIN_PASSWORD: 'short' })).toEqual([
      'ADMIN_EMAIL: must be an e-mail address',
      'ADMIN_PASSWORD: must have 12 characters or more',
    ]);
  });

  it('refuses migrations on another database than the embedded one', () => {
    expect(problems({ MIGRATION_DATABASE_URL: 'postgresql://localhost/x' })).toEqual([
      'DATABASE_URL: required where MIGRATION_DATABASE_URL is set',
    ]);
  });

  it('names everything that is wrong at once, and no value of it', () => {
    const all = {
      PORT: 'x',
      LOG_LEVEL: 'x',
      WORKERS: 'x',
      NODE_ENV: 'x',
      DATABASE_URL: 'tcp://me:hunter2@x/x',
    };
    const names = problems(all).map((problem) => problem.split(':', 1)[0]);
    expect(names.sort()).toEqual(Object.keys(all).sort());
    expect(new ConfigError(problems(all)).message).not.toContain('hunter2');
  });

  it('explains a data folder that is none', () => {
    const DATA_DIR = keyFile('', 'file');
    expect(problems({ DATA_DIR })).toEqual([
      expect.stringMatching(/^DATA_DIR: cannot be used \(E.*Make it a folder/),
    ]);
  });
});

describe('loadConfig in production', () => {
  const secret = 'postgresql://stockroom:k2Jd8sLw@db/stockroom';
  let production: NodeJS.ProcessEnv;

  beforeEach(() => {
    production = {
      NODE_ENV: 'production',
      DATABASE_URL: secret,
      JWT_KEYS_FILE: keyFile(generateKeySet()),
      JWT_ISSUER: 'https://api.example.com',
      JWT_AUDIENCE: 'stockroom',
    };
  });

  it('takes what is complete', () => {
    expect(load(production)).toMatchObject({
      isProduction: true,
      tokens: { issuer: 'https://api.example.com' },
    });
  });

  it.each(['DATABASE_URL', 'JWT_KEYS_FILE', 'JWT_ISSUER', 'JWT_AUDIENCE'])('requires %s', (name) => {
    expect(problems({ ...production, [name]: '' })).toEqual([
      expect.stringMatching(`^${name}: required in production`),
    ]);
  });

  it.each([
    'change-me',
    'changeme',
    'CHANGE_ME_123',
    'secret',
    'password1',
    'placeholder',
    'xxxx',
    '%3Cpassword%3E',
  ])('refuses the placeholder %s as a password', (password) => {
    const url = `postgresql://stockroom:${password}@db/stockroom`;
    expect(problems({ ...production, DATABASE_URL: url })).toEqual([
      'DATABASE_URL: holds a placeholder, not a secret',
    ]);
  });

  it('refuses the placeholder of an example as the first password', () => {
    const admin = { ADMIN_EMAIL: 'a@example.com', ADMIN_PASSWORD: 'your-password-here' };
    expect(problems({ ...production, ...admin })).toEqual([
      'ADMIN_PASSWORD: holds a placeholder, not a secret',
    ]);
  });

  it('refuses an identity provider that anybody on the way can impersonate', () => {
    const client = { OIDC_CLIENT_ID: 'stockroom', OIDC_CLIENT_SECRET: 'k2Jd8sLw' };
    expect(problems({ ...production, ...client, OIDC_ISSUER: 'HTTP://id.example.com' })).toEqual([
      'OIDC_ISSUER: must be https in production',
    ]);
    expect(load({ ...production, ...client, OIDC_ISSUER: 'https://id.example.com' }).oidc?.issuer).toBe(
      'https://id.example.com',
    );
  });

  it('refuses the keys of a laptop', () => {
    load();
    const JWT_KEYS_FILE = join(folder, 'jwt-keys.json');
    expect(problems({ ...production, JWT_KEYS_FILE })).toEqual([
      expect.stringMatching(
        /^JWT_KEYS_FILE: .*generated for development; make new ones with: npm run keys:generate$/,
      ),
    ]);
  });

  it('asks of the migration command a database, and nothing else', () => {
    const only = { NODE_ENV: 'production', MIGRATION_DATABASE_URL: secret };
    expect(loadConfig(only, 'migrations').database).toMatchObject({ url: secret, migrationUrl: secret });
    expect(problems({ NODE_ENV: 'production' }, 'migrations')).toEqual([
      expect.stringMatching(/^DATABASE_URL: required/),
    ]);
  });
});

describe('the key file', () => {
  const keys = (content: unknown) => load({ JWT_KEYS_FILE: keyFile(content) }).tokens.keys;
  const problem = (content: unknown) => problems({ JWT_KEYS_FILE: keyFile(content) })[0];

  it('may hold several keys: the first one signs', () => {
    const set = { keys: [...generateKeySet().keys, ...generateKeySet().keys] };
    expect(keys(set).map(({ kid }) => kid)).toEqual(set.keys.map(({ kid }) => kid));
  });

  it('may hold retired ones, which only open: what they sealed, and their cursors', () => {
    const [signs, old] = [...generateKeySet().keys, ...generateKeySet().keys];
    const before = load({ JWT_KEYS_FILE: keyFile({ keys: [old] }, 'before.json') });
    const config = load({ JWT_KEYS_FILE: keyFile({ keys: [signs, { ...old, retired: true }] }) });
    expect(config.tokens.keys.map(({ kid }) => kid)).toEqual([signs?.kid]);
    expect(config.tokens.retiredKeys.map(({ kid }) => kid)).toEqual([old?.kid]);
    expect(config.sealer.open(before.sealer.seal('x', 'c'), 'c')).toBe('x');
    expect(config.sealer.isCurrent(config.sealer.seal('x', 'c'))).toBe(true);
    expect(config.cursorSecrets).toHaveLength(2);
    expect(config.cursorSecrets[0]).not.toEqual(before.cursorSecrets[0]);
    expect(config.cursorSecrets[1]).toEqual(before.cursorSecrets[0]);
  });

  it('may hold an RSA key', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(
      keys({ keys: [{ kid: 'r', alg: 'RS256', ...privateKey.export({ format: 'jwk' }) }] })[0]?.alg,
    ).toBe('RS256');
  });

  it('is refused with a reason', () => {
    const [key] = generateKeySet().keys;
    expect(problem('{')).toMatch(/is not JSON$/);
    expect(problem('[]')).toMatch(/is no private JWK set/);
    expect(problem({ keys: [] })).toMatch(/it holds no key/);
    expect(problem({ keys: [{ ...key, d: undefined }] })).toMatch(/a key has no private part \(d\)/);
    expect(problem({ keys: [{ ...key, alg: 'HS256' }] })).toMatch(/alg must be ES256 or RS256/);
    expect(problem({ keys: [{ ...key, alg: 'RS256' }] })).toMatch(/cannot be used with RS256/);
    expect(problem({ keys: [{ ...key, x: 'AA' }] })).toMatch(/cannot be used with ES256/);
    expect(problem({ keys: [{ ...key, kid: 'k'.repeat(129) }] })).toMatch(
      /a kid has more than 128 characters/,
    );
    expect(problem({ keys: [{ ...key, retired: true }] })).toMatch(/the first key signs, and is retired/);
    expect(problem({ keys: [key, key] })).toMatch(/two keys have the same kid/);
  });

  it.skipIf(process.getuid?.() === 0)('is refused when it cannot be read', () => {
    const JWT_KEYS_FILE = keyFile(generateKeySet());
    chmodSync(JWT_KEYS_FILE, 0o000);
    expect(problems({ JWT_KEYS_FILE })[0]).toMatch(/cannot be read \(EACCES\)/);
  });
});
