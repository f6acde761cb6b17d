import type { FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';

/**
 * Whether the client would rather show a page than read any of the other media types. Browsers name `text/html` when a
 * person opens an address; a client that accepts anything, or does not say, is a program where there are others.
 */
export function prefersPage({ headers }: FastifyRequest, others: readonly string[] = []): boolean {
  if (headers.accept === undefined) return false;
  const types = [...others, 'text/html'];
  return new Negotiator({ headers: { accept: headers.accept } }).mediaType(types) === 'text/html';
}

/** Headers of a page that runs nothing from elsewhere and is shown in no frame. @param policy CSP directives */
export function pageHeaders(policy: Readonly<Record<string, string>>): Record<string, string> {
  const directives = {
    'default-src': "'none'",
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
    ...policy,
  };
  return {
    'content-security-policy': Object.entries(directives)
      .map(([name, value]) => `${name} ${value}`)
      .join('; '),
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'referrer-policy': 'same-origin',
  };
}
