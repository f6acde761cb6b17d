import { errorOf, type GraphQLAnswer, postGraphQL } from './app.js';
import { BALANCE, CLASSIFY } from './classify.js';
import { bearer, type Caller } from './platform.js';
import { until } from './process.js';

/** Sends a classification over a connection of its own, which `leave` closes. */
export function callThatCanLeave(
  url: string,
  { secret }: Pick<Caller, 'secret'>,
  variables: object,
): { readonly answer: Promise<GraphQLAnswer | undefined>; leave(): void } {
  const controller = new AbortController();
  const answer = fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(secret) },
    body: JSON.stringify({ query: CLASSIFY, variables }),
    signal: controller.signal,
  }).then(
    async (response) => ({
      status: response.status,
      headers: response.headers,
      body: await response.json(),
    }),
    () => undefined,
  );
  return {
    answer,
    leave: () => {
      controller.abort();
    },
  };
}

/** A classification that has to succeed. */
export async function classified(url: string, { secret }: Pick<Caller, 'secret'>, more: object) {
  const body = { query: CLASSIFY, variables: { input: more } };
  const answer = await postGraphQL(url, body, bearer(secret));
  expect(errorOf(answer)).toBeUndefined();
  return answer.body.data.classifyImage;
}

/** Credit of an account once nothing is held any more, in nano-USD. */
export function settledCredit(caller: Pick<Caller, 'gql'>): Promise<bigint> {
  return until('nothing to be held', async () => {
    const { postedNanos, heldNanos } = (await caller.gql(BALANCE)).body.data.account.balance;
    return heldNanos === '0' ? BigInt(postedNanos as string) : undefined;
  });
}
