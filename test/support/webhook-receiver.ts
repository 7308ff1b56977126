import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

/** A message as it arrived. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** How a receiver answers. */
export type Answer = (response: ServerResponse, received: Received) => void;

export const answering =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(status, headers).end();

/** Somebody who gets webhooks: a server that remembers what came, and answers 204 unless it is told otherwise. */
export class WebhookReceiver {
  readonly received: Received[] = [];
  answer: Answer = answering(204);
  private readonly arrivals = new EventEmitter();
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => this.take(request, response));
  }

  static async start(port = 0): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    receiver.server.listen(port, '127.0.0.1');
    await once(receiver.server, 'listening');
    return receiver;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook`;
  }

  get ids(): string[] {
    return this.received.map(({ headers }) => String(headers['webhook-id']));
  }

  /** What was received, once it is so much. */
  async until(count: number): Promise<Received[]> {
    while (this.received.length < count) await once(this.arrivals, 'message');
    return this.received;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const received = {
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      this.received.push(received);
      this.answer(response, received);
      this.arrivals.emit('message');
    });
  }
}

export interface EventMessage {
  readonly type: string;
  readonly timestamp: string;
  readonly data: Record<string, unknown>;
}

/** The content of a message, if the reference library finds that it is signed with the secret; else it throws. */
export function verified(secret: string, { headers, body }: Received): EventMessage {
  return new Webhook(secret).verify(body, headers as Record<string, string>) as EventMessage;
}
