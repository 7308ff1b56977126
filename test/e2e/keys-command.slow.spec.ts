import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiClient } from '../support/api-client.js';
import { BuiltService, freePort } from '../support/built-service.js';
import { createDatabase } from '../support/database.js';
import { runKeys } from '../support/keys-command.js';
import { decodeToken } from '../support/tokens.js';

type Jwk = Record<string, string>;

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stockroom-keys-command-'));
  file = join(folder, 'keys.json');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const keysIn = (path: string) => (JSON.parse(readFileSync(path, 'utf8')) as { keys: Jwk[] }).keys;
const modeOf = (path: string) => statSync(path).mode & 0o777;

function succeed(...args: string[]): string {
  const { code, stdout, stderr } = runKeys(...args);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

describe('keys generate', () => {
  it('prints a new set each time, of ES256 unless told otherwise', () => {
    const [one, two, rsa] = [[], [], ['--algorithm', 'RS256']].map(
      (more) => (JSON.parse(succeed('generate', ...more)) as { keys: Jwk[] }).keys,
    );
    expect([one, two, rsa].map((keys) => keys?.map(({ alg }) => alg))).toEqual([
      ['ES256'],
      ['ES256'],
      ['RS256'],
    ]);
    expect(one?.[0]?.kid).not.toBe(two?.[0]?.kid);
    expect(one?.[0]).toMatchObject({ kty: 'EC', crv: 'P-256', use: 'sig' });
  });

  it('writes a file for its owner only, and never over another', () => {
    expect(succeed('generate', file)).toContain('JWT_KEYS_FILE');
    expect(modeOf(file)).toBe(0o600);
    const before = readFileSync(file, 'utf8');
    const { code, stderr } = runKeys('generate', file);
    expect([code, stderr]).toEqual([1, `${file} is there already; to add a key: next ${file}\n`]);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });
});

describe('a rotation', () => {
  it('says at each step what the keys are for and what to do next, and shows nothing private', () => {
    succeed('generate', file);
    chmodSync(file, 0o640);
    const [old = {}] = keysIn(file);
    const said = [succeed('next', file, '--algorithm', 'RS256')];
    const [, next = {}] = keysIn(file);
    said.push(succeed('promote', file), succeed('retire', file), succeed('show', file));
    expect(said.map((text) => text.split('\n').slice(0, 2))).toEqual([
      [`${old.kid}  ES256  signs`, `${next.kid}  RS256  verifies, signs next`],
      [`${next.kid}  RS256  signs`, `${old.kid}  ES256  verifies`],
      [`${next.kid}  RS256  signs`, `${old.kid}  ES256  retired`],
      [`${next.kid}  RS256  signs`, `${old.kid}  ES256  retired`],
    ]);
    expect(said[0]).toMatch(/Restart all instances, one after the other. Wait 5 minutes.*\nThen: promote /);
    expect(said[1]).toMatch(/Restart all instances, one after the other. Wait 15 minutes.*\nThen: retire /);
    expect(said[2]).toMatch(/Restart all instances.*Leave retired keys in the file/);
    for (const secret of [old.d, next.d, next.p, next.q]) expect(said.join('')).not.toContain(secret);
    expect(modeOf(file)).toBe(0o640);
    expect(keysIn(file).map((key) => [key.kid, key.d])).toEqual([
      [next.kid, next.d],
      [old.kid, old.d],
    ]);
  });

  it('goes on with the algorithm of the key that signs', () => {
    succeed('generate', file, '--algorithm', 'RS256');
    succeed('next', file);
    expect(keysIn(file).map(({ alg }) => alg)).toEqual(['RS256', 'RS256']);
  });

  it('refuses a step that has nothing to do, and changes nothing', () => {
    succeed('generate', file);
    const before = readFileSync(file, 'utf8');
    expect(runKeys('promote', file)).toEqual({
      code: 1,
      stdout: '',
      stderr: `${file} has no next key; to add one: next ${file}\n`,
    });
    expect(runKeys('retire', file)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/has no key to retire.*\n$/) as string,
    });
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it.each(['next', 'promote', 'retire', 'show'])(
    'refuses in one line to %s what is no key file',
    (command) => {
      const stderr = `${file} cannot be read (ENOENT)\n`;
      expect(runKeys(command, file)).toEqual({ code: 1, stdout: '', stderr });
      expect(existsSync(file)).toBe(false);
      const content = '{"keys": [{"kty": "oct", "k": "geheim"}]}';
      writeFileSync(file, content);
      const refused = runKeys(command, file);
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toMatch(/^.* is no private JWK set: .*\n$/);
      expect(refused.stderr).not.toContain('geheim');
      expect(readFileSync(file, 'utf8')).toBe(content);
    },
  );
});

describe('the usage', () => {
  it('is shown to who asks for it', () => {
    expect(succeed('--help')).toMatch(/^Usage: npm run --silent keys -- <command>[^]*Examples:/);
  });

  it.each([
    [[], 'Which command?'],
    [['revolve', 'keys.json'], 'There is no command "revolve".'],
    [['constructor', 'keys.json'], 'There is no command "constructor".'],
    [['next'], 'next needs the name of the key file.'],
    [['next', 'a.json', 'b.json'], 'next takes one file.'],
    [['next', 'a.json', '--algorithm', 'HS256'], '--algorithm must be ES256 or RS256.'],
    [['show', 'a.json', '--algorithm', 'ES256'], 'show makes no key: no --algorithm.'],
    [['show', 'a.json', '--private'], "Unknown option '--private'"],
  ])('is shown with what is wrong with %j, and code 2', (args, message) => {
    const { code, stdout, stderr } = runKeys(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.startsWith(message)).toBe(true);
    expect(stderr).toContain('Usage: ');
  });
});

it('a service that is restarted after each step keeps its users signed in', async () => {
  succeed('generate', file);
  const database = await createDatabase();
  const credentials = { email: 'boss@example.com', password: 'quite a long password' };
  const environment = {
    NODE_ENV: 'production',
    PORT: String(await freePort()),
    DATABASE_URL: database.url,
    JWT_KEYS_FILE: file,
    JWT_ISSUER: 'https://api.example.com',
    JWT_AUDIENCE: 'stockroom',
    ADMIN_EMAIL: credentials.email,
    ADMIN_PASSWORD: credentials.password,
  };
  let service = await new BuiltService(environment).ready();
  try {
    const api = new ApiClient(service.url);
    const login = await api.post('/v1/auth/login', credentials);
    const [first = {}] = keysIn(file);
    let tokens = login.body;
    for (const [command, mayReadWith] of [
      ['next', [200, 200]],
      ['promote', [200, 200]],
      // The first access token is over by then, as the command says.
      ['retire', [401, 200]],
    ] as const) {
      succeed(command, file);
      expect(await service.stop()).toBe(0);
      service = await new BuiltService(environment).ready();
      const used = [login.body.access_token, tokens.access_token].map(String);
      const reads = used.map((token) => api.withToken(token).get('/v1/users/me'));
      expect((await Promise.all(reads)).map(({ status }) => status)).toEqual(mayReadWith);
      const refreshed = await api.post('/v1/auth/refresh', { refresh_token: tokens.refresh_token });
      expect(refreshed.status).toBe(200);
      tokens = refreshed.body;
    }
    expect(decodeToken(String(tokens.access_token)).header.kid).not.toBe(first.kid);
    expect(service.output).not.toContain(first.d);
  } finally {
    await service.stop();
    await database.drop();
  }
});
