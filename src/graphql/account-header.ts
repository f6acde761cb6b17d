import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../errors.js';
import { ACCOUNT_HEADER } from '../platform/actor.js';

/**
 * Client caches key objects by document and variables, never by header: with the account in a header, a cache shows
 * one account's balance as another's (docs/decisions/0042). The header is for REST only, and rejected rather than
 * ignored, so that no request acts on an account that its sender did not mean.
 * @param headers names in lower case; the connection parameters of a WebSocket, too
 * @throws AppError BAD_USER_INPUT
 */
export function rejectAccountHeader(headers: IncomingHttpHeaders | Record<string, unknown>): void {
  if (headers[ACCOUNT_HEADER] === undefined) return;
  throw new AppError(
    'BAD_USER_INPUT',
    // A WebSocket's close reason has 123 bytes.
    `Name the account in the document, as account(id:), input.accountId or accountId, not in "${ACCOUNT_HEADER}".`,
    { details: { header: ACCOUNT_HEADER } },
  );
}

/** Hook of the GraphQL routes, before authentication: the answer says nothing about the account that is named. */
export function rejectAccountHeaderHook(
  { headers }: FastifyRequest,
  _reply: FastifyReply,
  done: (error?: Error) => void,
): void {
  try {
    rejectAccountHeader(headers);
    done();
  } catch (error) {
    done(error as Error);
  }
}
