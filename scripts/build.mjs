// Builds dist/ where a source is newer than the last build; with --always in any case. Where the compiler is not installed
// (npm ci --omit=dev), the dist/ that is there is taken as it is.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const SOURCES = [
  'src',
  'config',
  'migrations',
  'nest-cli.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'package-lock.json',
];
const STAMP = join(ROOT, 'dist/.built');
const NEST = join(ROOT, 'node_modules/@nestjs/cli/bin/nest.js');

/** When a file below the path changed last, or was added, renamed or removed. */
function changedAt(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return path.endsWith('.spec.ts') ? 0 : stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => changedAt(join(path, name))));
}

const paths = SOURCES.map((path) => join(ROOT, path)).filter((path) => existsSync(path));
const isCurrent = () =>
  existsSync(STAMP) && Math.max(...paths.map((path) => changedAt(path))) <= statSync(STAMP).mtimeMs;

if (existsSync(NEST) && (process.argv.includes('--always') || !isCurrent())) {
  console.error('Building dist/ ...');
  // What changes while the compiler runs is for the next build.
  const startedAt = new Date();
  const { status } = spawnSync(process.execPath, [NEST, 'build'], { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(1);
  writeFileSync(STAMP, '');
  utimesSync(STAMP, startedAt, startedAt);
}
