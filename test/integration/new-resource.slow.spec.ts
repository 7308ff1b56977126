import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOT } from '../support/build.js';

const FIXTURE = join(ROOT, 'test/fixtures/suppliers');
const FILES = readdirSync(FIXTURE).filter((file) => !file.endsWith('.e2e.ts'));

/** A copy of this repository, to which `suppliers` is added as the README says. */
let copy: string;

function run(command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: copy,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, NODE_ENV: undefined, DATA_DIR: join(copy, '.data') },
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}\n${stderr}`);
  return stdout;
}

/** What a developer edits: the first match of `before` gets `after`. */
function edit(path: string, before: string | RegExp, after: string): void {
  const text = readFileSync(join(copy, path), 'utf8');
  expect(text, path).toMatch(before);
  writeFileSync(join(copy, path), text.replace(before, after));
}

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'stockroom-copy-'));
  // Where root runs the tests, the account of the database server must be able to enter.
  chmodSync(copy, 0o711);
  const skipped = new Set(['node_modules', 'dist', '.git', '.data', 'coverage']);
  for (const name of readdirSync(ROOT)) {
    if (!skipped.has(name)) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));

  const folder = join(copy, 'src/inventory/suppliers');
  mkdirSync(folder);
  for (const file of FILES) cpSync(join(FIXTURE, file), join(folder, file));
  cpSync(join(FIXTURE, 'suppliers.e2e.ts'), join(copy, 'test/e2e/suppliers.spec.ts'));
  edit(
    'src/app.module.ts',
    'import { StockModule }',
    "import { SuppliersModule } from './inventory/suppliers/suppliers.module.js';\nimport { StockModule }",
  );
  edit('src/app.module.ts', '    StockModule,', '    StockModule,\n    SuppliersModule,');
  edit(
    'config/scopes.ts',
    "  'imports:write',\n]",
    "  'imports:write',\n  'suppliers:read',\n  'suppliers:write',\n]",
  );
  edit(
    'src/platform/events/event-types.ts',
    '\n] as const',
    "\n  'supplier.created',\n  'supplier.updated',\n  'supplier.deleted',\n] as const",
  );
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

it('is small: six files of at most 250 lines together', () => {
  const lines = FILES.map((file) => readFileSync(join(FIXTURE, file), 'utf8').split('\n').length - 1);
  expect(FILES).toHaveLength(6);
  expect(lines.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(250);
});

it('migrates by a generated migration, after which entities and schema agree', () => {
  run('npm', 'run', 'migration:run');
  run('npm', 'run', 'migration:generate', 'add-suppliers');
  run('npm', 'run', 'migration:run');
  run('npm', 'run', 'migration:check');
});

it('lints and type-checks', () => {
  run('npx', 'prettier', '--write', 'src', 'migrations', 'test/e2e/suppliers.spec.ts');
  run('npm', 'run', 'lint');
  run('npm', 'run', 'typecheck');
});

it('passes its own tests, and those that know all resources', () => {
  const tests = [
    'test/e2e/suppliers',
    'test/e2e/access-matrix',
    'test/contract',
    'test/integration/migrations',
  ];
  const output = run(
    'npm',
    'test',
    '--',
    ...tests,
    'src/platform/events',
    'test/e2e/two-step-required',
    'config',
  );
  expect(output).toMatch(/^\d+ passed, 0 failed/m);
});
