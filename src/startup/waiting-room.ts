import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../config/index.js';
import { requestIdOf, traceIdOf } from '../http/context/request-context.js';
import { Problem, problemBody } from '../http/problems/problem.js';

const PATIENCE_MS = 200;

/** What answers while the service cannot yet. */
export interface WaitingRoom {
  close(this: void): Promise<void>;
}

/** Fails at once where the service could not listen later, before anything else is done. */
export async function assertPortIsFree({ http }: Config): Promise<void> {
  const server = createServer().listen(http.port, http.host);
  await once(server, 'listening');
  await close(server);
}

/** Serves the port until the service itself can: alive, but not ready. */
export async function openWaitingRoom({ http }: Config): Promise<WaitingRoom> {
  const server = createServer((request, response) => {
    const path = request.url?.split('?', 1)[0] ?? '/';
    const traceId = traceIdOf(request);
    response.setHeader('x-request-id', requestIdOf(request));
    if (path === '/health/live') {
      answer(response, 200, 'application/json', { status: 'ok' });
    } else {
      const problem = new Problem('unavailable', 'The service waits for its database.');
      for (const [name, value] of Object.entries(problem.headers)) response.setHeader(name, value);
      const body = problemBody(problem, { path, traceId, publicUrl: http.publicUrl });
      answer(response, problem.status, 'application/problem+json', body);
    }
  });
  server.listen(http.port, http.host);
  await once(server, 'listening');
  let closing: Promise<void> | undefined;
  return { close: () => (closing ??= close(server)) };
}

function answer(response: ServerResponse, status: number, type: string, body: object): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', connection: 'close' });
  response.end(JSON.stringify(body));
}

/** Somebody who connects and says nothing must not hold up the start. */
async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  await Promise.race([closed, sleep(PATIENCE_MS)]);
  server.closeAllConnections();
  await closed;
}
