import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');

/** Builds dist/ if a source is newer. */
export function ensureBuilt(): void {
  execFileSync(process.execPath, [join(ROOT, 'scripts/build.mjs')], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

/** The document that the built service publishes. */
export function publishedDocument(environment: NodeJS.ProcessEnv): string {
  const script = join(import.meta.dirname, 'print-openapi.mjs');
  return execFileSync(process.execPath, [script], { env: environment, encoding: 'utf8' });
}
