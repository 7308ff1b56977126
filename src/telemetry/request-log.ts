import type { FastifyInstance } from 'fastify';

/** One line for each request that was answered; health checks only when somebody debugs. */
export function registerRequestLog(fastify: FastifyInstance): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const level = request.url.startsWith('/health/') ? 'debug' : 'info';
    request.log[level](
      {
        method: request.method,
        // The query may hold what people search for; the path is enough to find the request.
        path: request.url.split('?', 1)[0],
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        user_id: request.caller?.userId,
      },
      'request',
    );
    done();
  });
}
