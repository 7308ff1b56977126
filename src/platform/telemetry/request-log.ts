import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';

/** One line for each request that was answered; health checks only when somebody debugs. */
export function registerRequestLog(fastify: FastifyInstance, logger: Logger): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const level = request.url.startsWith('/health/') ? 'debug' : 'info';
    if (logger.isLevelEnabled(level)) {
      const line = {
        method: request.method,
        // The query may hold what people search for; the path is enough to find the request.
        path: request.url.split('?', 1)[0],
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        user_id: request.caller?.userId,
      };
      logger[level](line, 'request');
    }
    done();
  });
}
