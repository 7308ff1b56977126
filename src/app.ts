import fastifyCors from '@fastify/cors';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { LogController } from 'fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Config } from '../config/index.js';
import { AppModule } from './app.module.js';
import { registerRequestContext, requestIdOf } from './http/context/request-context.js';
import { registerBodyParser } from './http/server/body-parser.js';
import {
  answerBrokenHttp,
  registerHttpChecks,
  registerPreflightCheck,
  registerQueryCheck,
} from './http/server/client-errors.js';
import { RouteTable } from './http/server/route-table.js';
import { registerUploads } from './http/uploads/upload-parser.js';
import { registerSecurityHeaders } from './http/server/security-headers.js';
import { ProblemSender } from './http/server/problem.sender.js';
import { toProblem } from './http/problems/to-problem.js';
import { ApiDocument } from './docs/api-document.js';
import { NestLogger } from './platform/telemetry/logger.js';
import { MetricsServer } from './platform/telemetry/metrics-server.js';
import { registerRequestLog } from './platform/telemetry/request-log.js';

const MEBIBYTE = 1024 * 1024;
const SECOND_MS = 1000;

/** The whole service, ready to listen; main.ts and the tests get the very same. */
export async function createApp(config: Config, logger: Logger): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    loggerInstance: logger,
    // One line a request is ours (request-log.ts). Its ids are in every line by the request context; a child logger for
    // each request would only write them again.
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: () => logger,
    genReqId: requestIdOf,
    requestIdHeader: false,
    trustProxy: config.http.trustProxy.length > 0 ? config.http.trustProxy : false,
    bodyLimit: MEBIBYTE,
    requestTimeout: 30 * SECOND_MS,
    keepAliveTimeout: 72 * SECOND_MS,
    // Not more than the request itself may take: Node would take the one for the other.
    http: { requireHostHeader: false, headersTimeout: 30 * SECOND_MS },
    // While stopping, a request that comes over an open connection is still served, and told to close it.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 1024 },
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) =>
      app.get(ProblemSender).send(request, reply, toProblem(error)),
    clientErrorHandler: answerBrokenHttp(config.http.publicUrl),
    skipMiddie: true,
    multipart: false,
  } as ConstructorParameters<typeof FastifyAdapter>[0]);
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.forConfig(config), adapter, {
    bodyParser: false,
    logger: new NestLogger(logger),
    abortOnError: false,
  });
  const fastify = adapter.getInstance<FastifyInstance>();
  registerRequestContext(fastify);
  registerRequestLog(fastify, logger);
  registerSecurityHeaders(fastify, config);
  await registerCors(fastify, config);
  registerHttpChecks(fastify);
  registerQueryCheck(fastify);
  registerBodyParser(fastify);
  registerUploads(fastify, config.imports.maxBytes);
  const routes = app.get(RouteTable);
  fastify.addHook('onRoute', ({ method, url }) => routes.add(method, url));
  app.get(ApiDocument).describe(app);
  await app.init();
  await app.get(MetricsServer).listen();
  return app;
}

/** Pages of other origins may call the API only where the settings name them. */
async function registerCors(fastify: FastifyInstance, { http }: Config): Promise<void> {
  if (http.corsOrigins.length === 0) return;
  registerPreflightCheck(fastify);
  await fastify.register(fastifyCors, {
    origin: http.corsOrigins,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: 600,
  });
}

const EXPOSED_HEADERS = [
  'Content-Disposition',
  'ETag',
  'Idempotency-Replayed',
  'Link',
  'Location',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'WWW-Authenticate',
  'X-Request-Id',
];
