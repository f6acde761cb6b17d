import OpenAI, { type ClientOptions } from 'openai';
import type { Caller } from './platform.js';

export interface CountedClient {
  readonly client: OpenAI;
  /** When each request was sent, retries too, in milliseconds of `performance.now()`. */
  readonly sentAt: number[];
  /** Headers of each answer. */
  readonly headers: Headers[];
}

/** OpenAI's own client, and what it sends. */
export function countedClient(
  url: string,
  { secret }: Pick<Caller, 'secret'>,
  options: ClientOptions = {},
): CountedClient {
  const sentAt: number[] = [];
  const headers: Headers[] = [];
  const client = new OpenAI({
    baseURL: `${url}/v1`,
    apiKey: secret,
    fetch: async (input, init) => {
      sentAt.push(performance.now());
      const response = await fetch(input, init);
      headers.push(response.headers);
      return response;
    },
    ...options,
  });
  return { client, sentAt, headers };
}

/** The error that a call of the client ends with. */
export async function errorOf(
  call: PromiseLike<unknown>,
): Promise<InstanceType<typeof OpenAI.APIError>> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof OpenAI.APIError) return error;
  throw new Error(`It did not fail as the API says: ${String(error)}`);
}
