import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { once } from 'node:events';
import { inject, vi } from 'vitest';
import { runCommand } from '../../src/cli/run.js';
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

/** The same in this process, which spares the start of another: for what ends before it opens anything. */
export async function cliInProcess(args: readonly string[]): Promise<CliResult> {
  const { argv, exitCode } = process;
  const said = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      said[name] += String(text);
      return true;
    }),
  );
  // The first is how the process would have ended; whoever goes on afterwards says no more.
  let code: number | undefined;
  const end = vi.spyOn(process, 'exit').mockImplementation((given) => {
    code ??= Number(given ?? 0);
    throw new Error('The process ends');
  });
  try {
    process.argv = [...argv.slice(0, 2), ...args];
    process.exitCode = undefined;
    await runCommand();
  } catch (error) {
    if (code === undefined) throw error;
  } finally {
    code ??= Number(process.exitCode ?? 0);
    process.argv = argv;
    process.exitCode = exitCode;
    for (const spy of [...spies, end]) spy.mockRestore();
  }
  return { code, ...said };
}
