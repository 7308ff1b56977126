import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { cli, cliInProcess } from '../support/cli.js';
import { createProduct } from '../support/products.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';

const MEDIA_TYPES: Record<string, string> = { csv: 'text/csv', ndjson: 'application/x-ndjson' };

let app: TestApp;
let environment: NodeJS.ProcessEnv;
let manager: SignedIn;
let folder: string;

beforeAll(async () => {
  app = await startTestApp();
  manager = await app.signIn('manager');
  environment = { DATABASE_URL: app.config.database.url };
  folder = mkdtempSync(join(tmpdir(), 'stockroom-cli-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await app.close();
});

// Of these, one process each is enough: the others run in this one.
describe('--help', () => {
  it.each([
    [[], ['catalogue', 'keys', 'stock', 'users']],
    [['catalogue'], ['generate']],
    [
      ['catalogue', 'generate'],
      ['--count', '--seed', 'Examples:\n  npm run --silent cli -- catalogue generate'],
    ],
    [
      ['users', 'create-admin'],
      ['<email>', '--password-stdin', 'Examples:'],
    ],
    [
      ['keys', 'rotate'],
      ['<file>', 'Examples:'],
    ],
  ])('of %j names what there is, and ends with 0', async (command, parts) => {
    const { code, stdout } = await (command.length === 0 ? cli : cliInProcess)([...command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: npm run --silent cli -- /);
    for (const part of parts) expect(stdout).toContain(part);
  });
});

const NOWHERE = 'postgresql://nobody@127.0.0.1:1/none';

describe('what is not understood', () => {
  it.each([
    [['nonsense']],
    [['catalogue']],
    [['catalogue', 'nonsense']],
    [['catalogue', 'generate']],
    [['catalogue', 'generate', '--count', 'many']],
    [['catalogue', 'generate', '--count', '0']],
    [['catalogue', 'generate', '--count', '1', '--colour', 'red']],
    [['users', 'create-admin']],
    [['users', 'create-admin', 'nobody']],
    [['users', 'create-admin', 'ann@example.com', '--name', 'A']],
    [['keys', 'rotate']],
  ])('ends with 2, says why, and does nothing: %j', async (args) => {
    vi.stubEnv('DATABASE_URL', NOWHERE);
    const { code, stdout, stderr } = await (args[0] === 'nonsense'
      ? cli(args, { DATABASE_URL: NOWHERE })
      : cliInProcess(args));
    vi.unstubAllEnvs();
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).not.toBe('');
  });
});

describe('catalogue generate', () => {
  it('makes the same products for the same seed, and leaves those that are there', async () => {
    const generate = (count: string) =>
      cli(['catalogue', 'generate', '--count', count, '--seed', '7'], environment);
    const first = await generate('2500');
    expect(first).toMatchObject({ code: 0, stdout: '2500 products made, 0 were there already.\n' });
    expect(first.stderr).toContain('Products: 2500 of 2500 (100 %)\n');
    const { body: before } = await manager.api.get('/v1/products?sku=GEN-7-00002500');
    const second = await generate('2600');
    expect(second).toMatchObject({ code: 0, stdout: '100 products made, 2500 were there already.\n' });
    expect((await manager.api.get('/v1/products?sku=GEN-7-00002500')).body).toEqual(before);
    expect(before.data).toHaveLength(1);
  });
});

describe('catalogue export and import', () => {
  it('give back the catalogue, unchanged', async () => {
    await createProduct(manager.api, { name: '=1+1', description: '' });
    for (const format of ['csv', 'ndjson']) {
      const file = join(folder, `products.${format}`);
      const exported = await cli(['catalogue', 'export', '--format', format], environment);
      expect(exported).toMatchObject({ code: 0, stderr: '' });
      writeFileSync(file, exported.stdout);
      const { text } = await manager.api.get('/v1/products', { accept: MEDIA_TYPES[format] ?? '' });
      expect(exported.stdout).toBe(text);
      const rows = text.trimEnd().split('\n').length - (format === 'csv' ? 1 : 0);
      const imported = await cli(['catalogue', 'import', file], environment);
      const counts = `${rows} rows: 0 created, 0 updated, ${rows} unchanged, 0 failed.\n`;
      expect(imported).toMatchObject({ code: 0, stdout: counts });
      expect(imported.stderr).toContain(`Rows: ${rows} of ${rows} (100 %)`);
    }
  });

  it('tell of rows that fail, and of files that cannot be imported', async () => {
    const file = join(folder, 'bad.csv');
    writeFileSync(file, 'sku,name,price\nCLI-1,Thing,12.50\nCLI 2,Thing,-1\n');
    const rows = await cli(['catalogue', 'import', file, '--dry-run'], environment);
    expect([rows.code, rows.stdout]).toEqual([1, '2 rows: 1 created, 0 updated, 0 unchanged, 1 failed.\n']);
    expect(rows.stderr).toMatch(/^Line 3, price: price must be greater than 0$/m);
    expect((await manager.api.get('/v1/products?sku=CLI-1')).body.data).toEqual([]);
    writeFileSync(file, 'sku,colour\nCLI-1,red\n');
    const unreadable = await cli(['catalogue', 'import', file], environment);
    expect([unreadable.code, unreadable.stdout]).toEqual([1, '']);
    expect(unreadable.stderr).toMatch(/colour/);
  });

  it.each([
    [['import', 'none.csv'], 1],
    [['import', 'products.xml'], 2],
    [['export', '--format', 'xml'], 2],
    [['export', '--output', 'no/such/folder.csv'], 1],
  ])('end well where they cannot begin: %j', async (args, code) => {
    const result = await cli(['catalogue', ...args], environment);
    expect([result.code, result.stdout]).toEqual([code, '']);
    expect(result.stderr).not.toContain('    at ');
  });
});

describe('users create-admin', () => {
  it('makes an administrator whose password is shown once', async () => {
    const email = 'ann@example.com';
    const { code, stdout } = await cli(['users', 'create-admin', email, '--name', 'Ann Otter'], environment);
    expect(code).toBe(0);
    const [, password] = /^Password: (\S+) /m.exec(stdout) ?? [];
    const { status, body } = await app.anonymous.post('/v1/auth/login', { email, password });
    expect(status).toBe(200);
    const { body: me } = await app.anonymous.withToken(String(body['access_token'])).get('/v1/users/me');
    expect(me).toMatchObject({ email, role: 'admin', full_name: 'Ann Otter' });
  });

  it('takes a password from the standard input, and does not show it', async () => {
    const password = 'a passphrase of my own';
    const args = ['users', 'create-admin', 'bob@example.com', '--password-stdin'];
    const { code, stdout, stderr } = await cli(args, environment, `${password}\n`);
    expect([code, stdout + stderr]).toEqual([0, 'bob@example.com is an administrator now.\n']);
    const login = await app.anonymous.post('/v1/auth/login', { email: 'bob@example.com', password });
    expect(login.status).toBe(200);
  });

  it.each([
    ['short', 2],
    ['passwordpassword', 1],
  ])('refuses the password %s', async (password, exitCode) => {
    const args = ['users', 'create-admin', 'eve@example.com', '--password-stdin'];
    const { code, stderr } = await cli(args, environment, password);
    expect(code).toBe(exitCode);
    expect(stderr).toMatch(/password/);
    expect(stderr).not.toContain(password === 'short' ? 'short\n' : password);
  });

  it('says what the API would say of an address that is taken', async () => {
    const { code, stderr } = await cli(['users', 'create-admin', manager.email], environment);
    expect([code, stderr]).toEqual([1, 'Another user has this e-mail address.\n']);
  });
});

describe('stock reconcile', () => {
  it('says that all is well, tells of each difference, and corrects it when asked to', async () => {
    const reconcile = async (...flags: string[]) => cli(['stock', 'reconcile', ...flags], environment);
    const { id, sku } = await createProduct(manager.api);
    await manager.api.post(`/v1/products/${id}/stock-movements`, { quantity: 5, reason: 'receipt' });
    const fine = { code: 0, stdout: 'All levels agree with their movements.\n', stderr: '' };
    expect(await reconcile()).toEqual(fine);
    await app.dataSource.query('UPDATE stock_levels SET on_hand = 7 WHERE product_id = $1', [id]);
    const line = `${sku} (${id}): 7 on hand, 5 by movements:`;
    expect(await reconcile()).toEqual({
      code: 1,
      stdout: `${line} not fixed\n`,
      stderr: 'Levels that differ: 1; fixed: 0.\n',
    });
    expect(await reconcile('--fix')).toMatchObject({
      code: 0,
      stdout: `${line} fixed\nLevels that differed, and are fixed: 1.\n`,
    });
    expect(await reconcile()).toEqual(fine);
    expect((await manager.api.get(`/v1/products/${id}/stock`)).body).toMatchObject({ on_hand: 5 });
  });
});

describe('keys rotate', () => {
  it('takes one step at a time: next, promote, retire', async () => {
    const file = join(folder, 'keys.json');
    const { generate } = await import('../../config/key-commands.js');
    generate(file);
    const steps = [];
    for (let step = 0; step < 3; step += 1) steps.push((await cli(['keys', 'rotate', file])).stdout);
    expect(steps[0]).toMatch(/ signs\n.* verifies, signs next\n[^]*Then: promote /);
    expect(steps[1]).toMatch(/ signs\n.* verifies\n[^]*Then: retire /);
    expect(steps[2]).toMatch(/ signs\n.* retired\n/);
  });

  it('ends with 1 where there is no such file', async () => {
    const { code, stderr } = await cli(['keys', 'rotate', join(folder, 'none.json')]);
    expect(code).toBe(1);
    expect(stderr).toContain('none.json cannot be read');
  });
});

describe('a command', () => {
  it('that finds no database says so, and ends with 1', async () => {
    const { code, stderr } = await cli(['catalogue', 'generate', '--count', '1'], {
      DATABASE_URL: String(app.config.database.url).replace(/\/[^/]+$/, '/no_such_database'),
    });
    expect(code).toBe(1);
    expect(stderr).toContain('the server has no such database');
  });
});
