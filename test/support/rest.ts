import { bearer } from './platform.js';

export interface RestAnswer {
  status: number;
  headers: Headers;
  /** Untyped on purpose: tests look into whatever came. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

/** Sends one request with a JSON body, or none, and reads the JSON that comes back. */
export async function callRest(
  url: string,
  method: string,
  path: string,
  { secret, body, headers = {} }: { secret?: string; body?: unknown; headers?: object } = {},
): Promise<RestAnswer> {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(secret === undefined ? {} : bearer(secret)),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return readAnswer(response);
}

/** Reads the JSON of an answer to what was sent some other way. */
export async function readAnswer(response: Response): Promise<RestAnswer> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text && JSON.parse(text) };
}
