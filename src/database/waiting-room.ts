import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import { once } from 'node:events';

/** What is answered while there is no database yet: nothing but that, so that clients and probes know. */
export interface WaitingRoom {
  close(): Promise<void>;
}

/**
 * Serves the port until the service itself can: alive, but not ready.
 * @param problem makes the body of a 503 for a path
 */
export async function openWaitingRoom(
  address: { host: string; port: number },
  problem: (path: string) => object,
): Promise<WaitingRoom> {
  const server = createServer((request, response) => {
    const path = request.url?.split('?', 1)[0] ?? '/';
    if (path === '/health/live') answer(response, 200, 'application/json', { status: 'ok' });
    else answer(response, 503, 'application/problem+json', problem(path));
  });
  server.listen(address);
  await once(server, 'listening');
  return { close: () => close(server) };
}

function answer(response: ServerResponse, status: number, type: string, body: object): void {
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    connection: 'close',
    ...(status === 503 && { 'retry-after': '5' }),
  });
  response.end(JSON.stringify(body));
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  await closed;
}
