import type { FastifyReply } from 'fastify';

/** Adds header names to the `Vary` of the answer so far. */
export function varyBy(reply: FastifyReply, ...names: string[]): void {
  const before = reply.getHeader('vary');
  reply.header('vary', [...(before === undefined ? [] : [String(before)]), ...names].join(', '));
}
