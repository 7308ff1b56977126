import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/embedded-postgres.js';
import type { EmbeddedPostgres } from '../../src/platform/embedded-postgres/embedded-postgres.js';

/** A durable PostgreSQL of one test file, to be killed and to come back with what it had acknowledged. */
export class OwnPostgres {
  private constructor(
    private readonly folder: string,
    private server: EmbeddedPostgres,
  ) {}

  static async start(): Promise<OwnPostgres> {
    const folder = mkdtempSync(join(tmpdir(), 'stockroom-killed-'));
    // Where root runs the tests, the server's account must be able to enter.
    chmodSync(folder, 0o711);
    return new OwnPostgres(folder, await startEmbeddedPostgres({ dataDir: folder }));
  }

  /** The same after each return. */
  get url(): string {
    return this.server.url;
  }

  /** As a power cut would: nothing is written any more, and nobody is told. */
  async kill(): Promise<void> {
    const pidFile = readFileSync(join(this.folder, 'postgres', 'data', 'postmaster.pid'), 'utf8');
    process.kill(Number(pidFile.split('\n', 1)[0]), 'SIGKILL');
    await this.server.stop();
  }

  async comeBack(): Promise<void> {
    this.server = await startEmbeddedPostgres({ dataDir: this.folder });
  }

  async remove(): Promise<void> {
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
