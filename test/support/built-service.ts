import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';
import { ROOT } from './build.js';
import { PATIENCE_MS } from './until.js';

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
      env: {
        PATH: process.env['PATH'],
        LOG_LEVEL: 'info',
        // A slow machine is no reason for a test to meet the limit of statements.
        DATABASE_STATEMENT_TIMEOUT_MS: '60000',
        ...environment,
      },
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

/** One that the system gives nobody by itself, so that nobody else gets it before it is used. */
export async function freePort(): Promise<number> {
  const port = randomInt(10_000, 32_000);
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch {
    return freePort();
  }
  server.close();
  await once(server, 'close');
  return port;
}
