import { ConfigError } from '../config/index.js';
import { UnusableDatabaseError } from './database/connect.js';
import { EmbeddedPostgresError } from './database/embedded/embedded-postgres.error.js';
import { StartError } from './start.js';

/** Failures whose message already says what to do. */
const EXPECTED = [ConfigError, UnusableDatabaseError, EmbeddedPostgresError, StartError];

/** What somebody at a terminal, or in a container's log, needs to know when the service does not start. */
export function failureText(error: unknown): string {
  if (EXPECTED.some((kind) => error instanceof kind)) return `\n${(error as Error).message}\n\n`;
  const { code, port, address } = error as { code?: string; port?: number; address?: string };
  if (code === 'EADDRINUSE')
    return `\nPORT: ${port ?? '?'} is taken by another program. Stop it, or set PORT.\n\n`;
  if (code === 'EACCES' && port !== undefined)
    return `\nPORT: ${port} needs more rights. Set PORT to 1024 or more.\n\n`;
  if (code === 'EADDRNOTAVAIL')
    return `\nHOST: ${address ?? '?'} is no address of this machine. Correct HOST.\n\n`;
  return `\nStockroom did not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n\n`;
}
