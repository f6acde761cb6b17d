import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

export interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: object;
}

/** The head of an answer; its body is still to come. */
export async function begin(
  url: string,
  sent: Sent,
  acceptEncoding?: string,
): Promise<IncomingMessage> {
  const { method = 'GET', headers = {}, body } = sent;
  const outgoing = request(url + sent.path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(acceptEncoding === undefined ? {} : { 'accept-encoding': acceptEncoding }),
      ...headers,
    },
  });
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return response;
}

/** An answer with its body as it was sent, and as it reads. */
export async function send(url: string, sent: Sent, acceptEncoding?: string) {
  const response = await begin(url, sent, acceptEncoding);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const raw = Buffer.concat(chunks);
  const encoding = response.headers['content-encoding'];
  const body =
    encoding === 'br' ? brotliDecompressSync(raw) : encoding === 'gzip' ? gunzipSync(raw) : raw;
  const { statusCode: status = 0, headers } = response;
  return { status, headers, encoding, raw, text: body.toString() };
}

/** A GraphQL operation by POST. */
export const gql = (
  query: string,
  headers: Record<string, string> = {},
  variables?: object,
): Sent => ({
  method: 'POST',
  path: '/graphql',
  headers,
  body: { query, variables },
});

/** What makes an answer long enough to be compressed, were it allowed. */
export const LONG = Array.from(
  { length: 20 },
  (_, i) => `a_name_that_is_long_and_has_no_other_meaning_${String(i)}: __typename`,
).join(' ');
