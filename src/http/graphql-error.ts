import type { FastifyReply, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import type { AppError } from '../errors.js';

const JSON_TYPE = 'application/json';
const RESPONSE_TYPE = 'application/graphql-response+json';
const EVENT_STREAM_TYPE = 'text/event-stream';

/**
 * Sends an error that came before execution in the media type that the client accepts: JSON unless it prefers another.
 * Clients read a 4xx as a GraphQL result, with its code, only as `application/graphql-response+json`.
 */
export function sendGraphQLError(
  { headers, id }: Pick<FastifyRequest, 'headers' | 'id'>,
  reply: FastifyReply,
  { status, code, message, details, isRetryable }: AppError,
): FastifyReply {
  const body = JSON.stringify({
    errors: [{ message, extensions: { code, retryable: isRetryable, ...details, requestId: id } }],
  });
  const type = new Negotiator({ headers: { accept: headers.accept } }).mediaType([
    JSON_TYPE,
    RESPONSE_TYPE,
    EVENT_STREAM_TYPE,
  ]);
  return reply
    .status(status)
    .header('content-type', `${type ?? JSON_TYPE}; charset=utf-8`)
    .send(
      type === EVENT_STREAM_TYPE
        ? `event: next\ndata: ${body}\n\nevent: complete\ndata:\n\n`
        : body,
    );
}
