import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';

export const ROOT = resolve(import.meta.dirname, '../..');
const SOURCES = ['src', 'config', 'migrations', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json'];
const PATIENCE_MS = 30_000;

/** Builds dist/ if a source is newer. Of the test files that ask for it in one run, the first one builds for all. */
export async function ensureBuilt(): Promise<void> {
  const folder = join(inject('dataDir'), 'build');
  const outcome = join(folder, 'outcome');
  try {
    mkdirSync(folder);
  } catch {
    while (!existsSync(outcome)) await sleep(50);
    if (readFileSync(outcome, 'utf8') !== 'ok') throw new Error('The build failed in another test file.');
    return;
  }
  const isFresh = newest(SOURCES) < newest(['dist']);
  const { status, stdout } = isFresh ? { status: 0, stdout: '' } : build();
  writeFileSync(outcome, status === 0 ? 'ok' : 'failed');
  // What comes out unchanged is not written again, and would look old for ever.
  if (status === 0) writeFileSync(join(ROOT, 'dist/.built'), '');
  if (status !== 0) throw new Error(`nest build failed:\n${stdout}`);
}

function build(): { status: number | null; stdout: string } {
  const nest = join(ROOT, 'node_modules/@nestjs/cli/bin/nest.js');
  return spawnSync(process.execPath, [nest, 'build'], { cwd: ROOT, encoding: 'utf8' });
}

function newest(paths: readonly string[]): number {
  const times = paths
    .map((path) => join(ROOT, path))
    .filter((path) => existsSync(path))
    .flatMap((path) =>
      statSync(path).isFile()
        ? [path]
        : readdirSync(path, { recursive: true, encoding: 'utf8' }).map((file) => join(path, file)),
    )
    // A type check writes .tsbuildinfo, too.
    .filter((file) => !/\.(spec\.ts|tsbuildinfo)$/.test(file))
    .map((file) => statSync(file))
    .filter((stat) => stat.isFile())
    .map((stat) => stat.mtimeMs);
  return Math.max(0, ...times);
}

/** A service as it runs in production: the built files in a process of their own, with nothing but this environment. */
export class BuiltService {
  output = '';
  private readonly child: ChildProcess;
  readonly exited: Promise<number | string | null>;

  constructor(
    readonly environment: NodeJS.ProcessEnv,
    options: { program?: string; args?: readonly string[] } = {},
  ) {
    const { program = 'src/main.js', args = [] } = options;
    this.child = spawn(process.execPath, [join(ROOT, 'dist', program), ...args], {
      // No .env here.
      cwd: inject('dataDir'),
      env: { PATH: process.env['PATH'], LOG_LEVEL: 'info', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
    this.exited = once(this.child, 'close').then(
      ([code, signal]: (number | string | null)[]) => code ?? signal ?? null,
    );
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.environment['PORT'])}`;
  }

  get hasExited(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** @returns the status, or undefined while nobody listens */
  async status(path: string): Promise<number | undefined> {
    const response = await fetch(this.url + path, { headers: { connection: 'close' } }).catch(
      () => undefined,
    );
    await response?.arrayBuffer();
    return response?.status;
  }

  async ready(): Promise<this> {
    await this.until(async () => (await this.status('/health/ready')) === 200);
    return this;
  }

  async until(condition: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!(await condition())) {
      if (this.hasExited || Date.now() > deadline)
        throw new Error(`The service did not get there:\n${this.output}`);
      await sleep(20);
    }
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string | null> {
    this.child.kill(signal);
    return this.exited;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
