import type { LoggerService } from '@nestjs/common';
import { destination, pino } from 'pino';
import type { Logger, LoggerOptions } from 'pino';
import type { Config } from '../../../config/index.js';
import { currentContext } from '../../http/context/request-context.js';

/** The logger of the process: JSON lines in production, readable ones in development; no secret reaches it. */
export function createLogger(config: Config): Logger {
  const options: LoggerOptions = {
    level: config.logLevel,
    // Every line of a request carries its ids, wherever it is written.
    mixin: () => {
      const context = currentContext();
      return context ? { trace_id: context.traceId, request_id: context.requestId } : {};
    },
    serializers: { err: describeError },
  };
  if (config.isDevelopment) return pino({ ...options, transport: READABLE });
  // Written by the kilobyte, or after a moment, instead of line by line; the rest at exit.
  return pino(options, destination({ sync: false, minLength: 8192, periodicFlush: 200 }));
}

const READABLE = {
  target: 'pino-pretty',
  options: { ignore: 'pid,hostname,request_id', translateTime: 'HH:MM:ss', singleLine: true },
};

/**
 * What operators need of an error. Its other properties stay out: those of a failed query hold its parameters, which
 * may be hashes of passwords and tokens.
 */
export function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  const { driverError } = error as { driverError?: { code?: unknown; constraint?: unknown } };
  return {
    type: error.constructor.name,
    message: error.message,
    stack: error.stack,
    code: code ?? driverError?.code,
    constraint: constraint ?? driverError?.constraint,
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}

/** Nest tells each module and route at start; that is for who debugs it. */
const CHATTY = new Set([
  'NestFactory',
  'InstanceLoader',
  'NestApplication',
  'RoutesResolver',
  'RouterExplorer',
  'MiddlewareModule',
]);

/** Lets Nest, and services through its `Logger`, write to the same log. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    const level = CHATTY.has(String(rest.at(-1))) ? 'debug' : 'info';
    this.logger[level](...toPino(message, rest));
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
  if (typeof message === 'object' && message !== null) {
    const { msg = '', ...fields } = message as { msg?: string };
    return [{ context, ...fields }, msg];
  }
  return [{ context, ...(rest.length > 1 && { stack: rest[0] }) }, String(message)];
}
