import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** Stands between the service and its database, and can make one kind of connection fall silent without closing it. */
export class FreezingProxy {
  private readonly pairs = new Set<{ client: Socket; server: Socket; name: string }>();
  private frozen: string | undefined;

  private constructor(
    private readonly listener: ReturnType<typeof createServer>,
    readonly url: string,
  ) {}

  static async start(databaseUrl: string): Promise<FreezingProxy> {
    const target = new URL(databaseUrl);
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const url = new URL(databaseUrl);
    url.host = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
    const proxy = new FreezingProxy(listener, url.href);
    listener.on('connection', (client) => proxy.join(client, connect(Number(target.port), target.hostname)));
    return proxy;
  }

  /** Nothing passes any more, in neither direction, on connections of this application_name, new ones included. */
  freeze(applicationName: string): void {
    this.frozen = applicationName;
    for (const pair of this.pairs) this.hold(pair);
  }

  thaw(): void {
    this.frozen = undefined;
    for (const { client, server } of this.pairs) {
      client.resume();
      server.resume();
    }
  }

  stop(): void {
    for (const { client, server } of this.pairs) {
      client.destroy();
      server.destroy();
    }
    this.listener.close();
  }

  private join(client: Socket, server: Socket): void {
    const pair = { client, server, name: '' };
    this.pairs.add(pair);
    const end = () => {
      client.destroy();
      server.destroy();
      this.pairs.delete(pair);
    };
    for (const socket of [client, server]) socket.on('error', end).on('close', end);
    client.on('data', (data: Buffer) => {
      // The first message of a connection names its application.
      pair.name += pair.name === '' ? data.toString('latin1') : '';
      server.write(data);
      this.hold(pair);
    });
    server.on('data', (data: Buffer) => client.write(data));
  }

  private hold({ client, server, name }: { client: Socket; server: Socket; name: string }): void {
    if (this.frozen === undefined || !name.includes(this.frozen)) return;
    client.pause();
    server.pause();
  }
}
