import type { FastifyRequest } from 'fastify';

/** A request that asks for nothing but the execution of an operation. */
export interface PlainRequest {
  readonly query: string;
  readonly variables?: Record<string, unknown> | null;
  readonly operationName?: string | null;
}

const PLAIN_ACCEPT = new Set([undefined, '*/*', 'application/json', 'application/json, */*']);

/**
 * The body, when neither it nor the method, address and headers ask for more; else undefined.
 * @param url path of the endpoint
 */
export function plainRequest(
  { method, headers, body, raw }: FastifyRequest,
  url: string,
): PlainRequest | undefined {
  if (method !== 'POST' || raw.url !== url || !PLAIN_ACCEPT.has(headers.accept)) return undefined;
  if (typeof body !== 'object' || body === null) return undefined;
  const { query, variables, operationName, ...rest } = body as Record<string, unknown>;
  const fits =
    typeof query === 'string' &&
    (variables === undefined || (typeof variables === 'object' && !Array.isArray(variables))) &&
    (operationName === undefined || operationName === null || typeof operationName === 'string') &&
    Object.keys(rest).length === 0;
  return fits ? (body as PlainRequest) : undefined;
}
