import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');

const SOURCES = ['src', 'config', 'migrations', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json'];

/** What comes out of a build unchanged is not written again; this file tells when the last one was. */
const STAMP = 'dist/.built';

/** Builds dist/ if a source is newer. */
export function ensureBuilt(): void {
  if (newest(SOURCES) < newest([STAMP])) return;
  const nest = join(ROOT, 'node_modules/@nestjs/cli/bin/nest.js');
  const { status, stdout } = spawnSync(process.execPath, [nest, 'build'], { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`nest build failed:\n${stdout}`);
  writeFileSync(join(ROOT, STAMP), '');
}

/** The document that the built service publishes. */
export function publishedDocument(environment: NodeJS.ProcessEnv): string {
  const script = join(import.meta.dirname, 'print-openapi.mjs');
  return execFileSync(process.execPath, [script], { env: environment, encoding: 'utf8' });
}

function newest(paths: readonly string[]): number {
  const files = paths
    .map((path) => join(ROOT, path))
    .filter((path) => existsSync(path))
    .flatMap((path) =>
      statSync(path).isFile()
        ? [path]
        : readdirSync(path, { recursive: true, encoding: 'utf8' }).map((file) => join(path, file)),
    )
    .filter((file) => !file.endsWith('.spec.ts') && statSync(file).isFile());
  return Math.max(0, ...files.map((file) => statSync(file).mtimeMs));
}
