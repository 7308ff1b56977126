import type { LoggerService } from '@nestjs/common';
import { pino, stdSerializers } from 'pino';
import type { Logger } from 'pino';
import type { Config } from '../../config/index.js';
import { currentContext } from '../common/context/request-context.js';

/** The logger of the process: JSON lines in production, readable ones in development; secrets never reach it. */
export function createLogger(config: Config): Logger {
  return pino({
    level: config.logLevel,
    // Every line of a request carries its ids, wherever it is written.
    mixin: () => {
      const context = currentContext();
      return context ? { trace_id: context.traceId, request_id: context.requestId } : {};
    },
    serializers: { err: stdSerializers.err },
    redact: [
      '*.password',
      '*.current_password',
      '*.passwordHash',
      '*.refresh_token',
      '*.access_token',
      '*.authorization',
    ],
    ...(config.isDevelopment && { transport: READABLE }),
  });
}

const READABLE = {
  target: 'pino-pretty',
  options: { ignore: 'pid,hostname,request_id', translateTime: 'HH:MM:ss', singleLine: true },
};

/** Lets Nest, and services through its `Logger`, write to the same log. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    // Nest tells each module and route at start; that is for who debugs it.
    this.logger.debug(...toPino(message, rest));
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.logger.error(...toPino(message, rest));
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.logger.warn(...toPino(message, rest));
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.logger.debug(...toPino(message, rest));
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.logger.trace(...toPino(message, rest));
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.logger.fatal(...toPino(message, rest));
  }
}

/** Nest passes the name of the writing class as the last argument, and for errors a stack before it. */
function toPino(message: unknown, rest: unknown[]): [object, string] {
  const context = rest.at(-1);
  if (message instanceof Error) return [{ context, err: message }, message.message];
  if (typeof message === 'object' && message !== null) return [{ context, ...message }, ''];
  return [{ context, ...(rest.length > 1 && { stack: rest[0] }) }, String(message)];
}
