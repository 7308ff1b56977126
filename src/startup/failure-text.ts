import { ConfigError } from '../../config/index.js';
import { UnusableDatabaseError } from '../platform/database/connect.js';
import { EmbeddedPostgresError } from '../platform/embedded-postgres/embedded-postgres.error.js';

/** A start that cannot succeed; the message is for people, and names the way out. */
export class StartError extends Error {}

/** Failures whose message already says what to do. */
const EXPECTED = [ConfigError, UnusableDatabaseError, EmbeddedPostgresError, StartError];

/** What somebody at a terminal, or in a container's log, needs to know when the service does not start. */
export function failureText(error: unknown): string {
  return `\n${expectedText(error) ?? listenText(error) ?? unexpectedText(error)}\n\n`;
}

/** Undefined for a failure whose message says nothing to people. */
export function expectedText(error: unknown): string | undefined {
  if (EXPECTED.some((kind) => error instanceof kind)) return (error as Error).message;
  // By its name: a failure that comes early need not load the ORM.
  if (!(error instanceof Error) || error.name !== 'QueryFailedError') return undefined;
  return `DATABASE_URL: the database refuses what the service needs: ${error.message}. Grant it, or correct the user.`;
}

function listenText(error: unknown): string | undefined {
  const { syscall, code, port, address, hostname } = error as ListenError;
  if (syscall === 'getaddrinfo') return `HOST: ${hostname ?? '?'} is no name of this machine. Correct HOST.`;
  if (syscall !== 'listen') return undefined;
  if (code === 'EADDRINUSE')
    return `PORT: ${port ?? '?'} is taken by another program. Stop it, or set PORT to another one.`;
  if (code === 'EACCES') return `PORT: ${port ?? '?'} needs more rights. Set PORT to 1024 or more.`;
  if (code === 'EADDRNOTAVAIL') return `HOST: ${address ?? '?'} is no address of this machine. Correct HOST.`;
  return undefined;
}

interface ListenError extends NodeJS.ErrnoException {
  port?: number;
  address?: string;
  hostname?: string;
}

function unexpectedText(error: unknown): string {
  return `Stockroom did not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
