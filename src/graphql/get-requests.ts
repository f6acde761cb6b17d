import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../errors.js';
import { varyBy } from '../http/vary.js';

/**
 * A query by GET is what any page can make a browser send, cookies included: as an image, a script or a link. With a
 * cookie as its only credential it needs proof that a script of an allowed page sent it: a header that needs a
 * preflight, or the browser's own word. Without, there is nothing to abuse, and clients that avoid preflights work.
 */
export function guardGet(
  request: FastifyRequest,
  reply: FastifyReply,
  done: (error?: Error) => void,
): void {
  varyBy(reply, 'Accept', 'Authorization', 'Cookie');
  // A WebSocket cannot send headers; its origin was checked (http/origins.ts).
  done(request.ws || isProtected(request) ? undefined : possibleForgery());
}

function isProtected({ headers }: FastifyRequest): boolean {
  if (headers.cookie === undefined) return true;
  if (headers.authorization !== undefined && /^Bearer\s/i.test(headers.authorization)) return true;
  return (
    // An origin that may not use cookies was refused before.
    headers.origin !== undefined ||
    headers['sec-fetch-site'] === 'same-origin' ||
    isSet(headers['apollo-require-preflight']) ||
    isSet(headers['x-apollo-operation-name']) ||
    /^application\/json\b/i.test(headers['content-type'] ?? '')
  );
}

function isSet(value: string | string[] | undefined): boolean {
  return value !== undefined && value.length > 0;
}

function possibleForgery(): AppError {
  return new AppError(
    'BAD_REQUEST',
    'GET requests with a cookie are blocked to prevent cross-site request forgery (CSRF). Send the header "apollo-require-preflight: true", a bearer token, or use POST.',
  );
}
