import type { FastifyReply } from 'fastify';

/** Adds to a header that is a list (RFC 9110, 5.6.1), and that others may have begun. */
export function appendHeader(reply: FastifyReply, name: string, value: string): void {
  const before = reply.getHeader(name);
  reply.header(name, before === undefined ? value : `${String(before)}, ${value}`);
}
