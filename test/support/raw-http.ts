import { connect } from 'node:net';
import type { ProblemBody } from '../../src/http/problems/problem.js';
import { PATIENCE_MS } from './until.js';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly problem: ProblemBody;
}

/**
 * Sends bytes as they are over a connection of their own, in several packets if there are several chunks, and reads one
 * answer until the server closes the connection; so the request has to ask for that.
 */
export async function sendRaw(url: string, ...chunks: (string | Uint8Array)[]): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const received = await new Promise<string>((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect({ host: hostname, port: Number(port) });
    socket.setNoDelay(true);
    socket.setTimeout(PATIENCE_MS, () =>
      socket.destroy(new Error('The server neither answered nor hung up')),
    );
    socket.on('data', (data) => parts.push(data));
    socket.on('close', () => resolve(Buffer.concat(parts).toString()));
    // Whoever hangs up while we still send has answered before.
    socket.on('error', (error) =>
      parts.length > 0 ? resolve(Buffer.concat(parts).toString()) : reject(error),
    );
    const sendNext = (at: number) => {
      const chunk = chunks[at];
      if (chunk !== undefined && socket.writable) socket.write(chunk, () => setImmediate(sendNext, at + 1));
    };
    socket.on('connect', () => sendNext(0));
  });
  const [head = '', ...rest] = received.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = new Headers(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  );
  const text = rest.join('\r\n\r\n');
  const isProblem = headers.get('content-type')?.startsWith('application/problem+json');
  return {
    status: Number(statusLine.split(' ')[1]),
    headers,
    text,
    problem: (isProblem ? JSON.parse(text) : {}) as ProblemBody,
  };
}
