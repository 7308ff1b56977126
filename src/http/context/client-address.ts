import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/**
 * The IP address that a request comes from, and nothing else: some proxies write a port behind it, link-local addresses
 * carry a zone, and what a proxy passes on from its client may be anything. That is taken for the address of the proxy.
 */
export function clientAddress({ ip, socket }: Pick<FastifyRequest, 'ip' | 'socket'>): string {
  const address = bare(ip);
  return isIP(address) === 0 ? bare(socket.remoteAddress ?? '0.0.0.0') : address;
}

function bare(text: string): string {
  const [, withoutPort] = /^\[([^\]]+)\](?::\d+)?$/.exec(text) ?? /^([\d.]+):\d+$/.exec(text) ?? [];
  return (withoutPort ?? text).replace(/%.*$/, '');
}
