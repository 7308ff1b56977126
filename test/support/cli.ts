import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { once } from 'node:events';
import { inject } from 'vitest';
import { ROOT } from './build.js';

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `npm run cli -- ...` on the built files, with nothing but this environment. */
export async function cli(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  input = '',
): Promise<CliResult> {
  const child = spawn(process.execPath, [join(ROOT, 'dist/src/cli/main.js'), ...args], {
    cwd: inject('dataDir'),
    env: { PATH: process.env['PATH'], DATA_DIR: inject('dataDir'), ...environment },
  });
  // A command that does not read what it is given may have ended before.
  child.stdin.on('error', () => undefined).end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}
