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

/** A year, and for every name below: OWASP ASVS 3.4.1. */
const HSTS = 'max-age=31536000; includeSubDomains';

/**
 * Headers of every answer: a browser guesses no other type, runs nothing, and shows it in no frame. A page that needs
 * more sets its own policy. @param https whether people reach the server by https, so that browsers never go without it
 */
export function safeHeaders(https: boolean): Record<string, string> {
  return {
    ...pageHeaders({}),
    'x-content-type-options': 'nosniff',
    ...(https ? { 'strict-transport-security': HSTS } : {}),
  };
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
