import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { traceIdOf } from '../context/request-context.js';
import { Problem, problemBody } from '../problems/problem.js';
import { isUpload } from '../uploads/upload.js';

/** Refuses a query that is not percent-encoded UTF-8; the parser would take it for plain text. */
export function registerQueryCheck(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { url } = request;
    const start = url.indexOf('?');
    if (start === -1 || !url.includes('%', start)) {
      done();
      return;
    }
    try {
      decodeURIComponent(url.slice(start));
      done();
    } catch (cause) {
      done(new Problem('malformed_request', 'The query is not percent-encoded UTF-8.', { cause }));
    }
  });
}

/**
 * Lets requests reach the service that Node would answer itself, without a body: HTTP/1.1 without `Host` (needs
 * `requireHostHeader: false`), which is refused here, and with an `Expect` that we do not know, which may be ignored.
 */
export function registerHttpChecks(fastify: FastifyInstance): void {
  fastify.server.on('checkExpectation', (request, response) => {
    fastify.server.emit('request', request, response);
  });
  fastify.addHook('onRequest', ({ raw }, reply, done) => {
    lastResponses.set(raw.socket, reply.raw);
    if (raw.headers.host !== undefined || raw.httpVersion === '1.0') done();
    else done(new Problem('malformed_request', 'The Host header is missing.'));
  });
}

/** With CORS, an OPTIONS that is no preflight of a browser is still a method that no path has. */
export function registerPreflightCheck(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', ({ method, headers }, reply, done) => {
    const isPreflight =
      headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
    if (method !== 'OPTIONS' || isPreflight) done();
    else reply.callNotFound();
  });
}

/** To what was asked last over a connection. */
const lastResponses = new WeakMap<Socket, ServerResponse>();

/** A body that breaks off after its request was answered must not be answered again. */
function isAnswered(socket: Socket): boolean {
  const response = lastResponses.get(socket);
  return response !== undefined && response.headersSent && !response.req.complete;
}

/** Node gives every request the same time; an upload may take longer, as long as it goes on. */
function isSlowUpload(error: NodeJS.ErrnoException, socket: Socket): boolean {
  const response = lastResponses.get(socket);
  return error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && response !== undefined && isUpload(response.req);
}

/** Answers what is no HTTP at all: no request was made of it, so there is only the socket to write to. */
export function answerBrokenHttp(publicUrl: string) {
  return (error: Error, socket: Socket): void => {
    if (isSlowUpload(error, socket)) return;
    if (!socket.writable || isAnswered(socket)) {
      socket.destroySoon();
      return;
    }
    const traceId = traceIdOf({ headers: {} });
    const problem = new Problem('malformed_request', 'This is not a well-formed HTTP request.');
    const body = JSON.stringify(problemBody(problem, { path: '/', traceId, publicUrl }));
    socket.end(
      'HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nConnection: close\r\n' +
        `Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nDate: ${new Date().toUTCString()}\r\n` +
        `X-Request-Id: ${traceId}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  };
}
